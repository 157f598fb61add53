"""What every pluggable class shares: a typed configuration and, where it has one, a search space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from cltk.config import Settings
from cltk.interfaces.published import Published

__all__ = ["Component", "Dimension", "FloatRange", "IncrementalSetting", "IntRange", "OneOf", "ScenarioInfo"]

IncrementalSetting = Literal["class", "task", "domain"]
"""The three scenarios of continual learning (van de Ven & Tolias 2019, arXiv 1904.07734)."""


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """What only the scenario knows, and every other component is built from.

    Attributes:
        shape: (C, H, W) of an image.
        outputs: Number of output units K of a classifier.
        sizes: Number of training samples of each task.
        classes: The labels of each task. Tasks may share some of them, as blurry or repeated tasks do.
        setting: Whether a test sample must be told apart from all classes (``class``), from those of its task
            (``task``), or whether tasks share their classes (``domain``).
        value_bytes: Bytes that a value of a stored sample takes: 1 for images, in 256 levels, or 4 for values that are
            not to be rounded.
    """

    shape: tuple[int, int, int]
    outputs: int
    sizes: tuple[int, ...]
    classes: tuple[tuple[int, ...], ...]
    setting: IncrementalSetting
    value_bytes: Literal[1, 4] = 1

    @property
    def tasks(self) -> int:
        """Number of tasks N."""
        return len(self.sizes)

    @property
    def pixels(self) -> int:
        """Number of values of an image."""
        channels, height, width = self.shape
        return channels * height * width

    @property
    def image_bytes(self) -> int:
        """Bytes of an image as it is stored."""
        return self.pixels * self.value_bytes

    @property
    def data_bytes(self) -> int:
        """Bytes of the training data of all tasks, stored as a ``Buffer`` does, with eight a label."""
        return sum(self.sizes) * (self.image_bytes + 8)

    def seen(self, completed: int) -> tuple[int, ...]:
        """The labels of the first ``completed`` tasks, sorted."""
        return tuple(sorted({label for task in self.classes[:completed] for label in task}))


@dataclass(frozen=True, slots=True)
class IntRange:
    """Whole numbers from ``low`` to ``high``, both included."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True, slots=True)
class FloatRange:
    """Numbers from ``low`` to ``high``, both included."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few values."""

    options: tuple[str | int | float | bool, ...]


Dimension = IntRange | FloatRange | OneOf


class Component:
    """The root of the component kinds.

    A component nests its own ``Config`` and cites the paper that it follows in its docstring, as ``Source:``.

    Attributes:
        published: The published figures that it is to reproduce, each with the study that shows it.
    """

    published: ClassVar[Sequence[Published]] = ()

    class Config(Settings):
        """No settings."""

    config: Settings

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """The fields of ``Config`` that are worth tuning, each with where to look; empty by default.

        A name may end in an index, as in ``counts.2``, to tune one entry of a list.
        """
        return {}
