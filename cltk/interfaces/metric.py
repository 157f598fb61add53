"""The metric: one number about a run, from what was measured while it ran."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from cltk.config import Settings
from cltk.interfaces.component import Component

__all__ = ["History", "Measure", "Metric"]


@dataclass(frozen=True, slots=True)
class History:
    """What was measured over the N tasks of a run.

    Attributes:
        accuracy: N + 1 rows of N: before any training, then after each task; in [0, 1].
        model_bytes: Bytes of all parameters and fitted statistics after each task.
        buffer_bytes: Bytes of stored samples after each task.
        data_bytes: Bytes of the training data of all tasks.
        operations: Floating-point operations spent to learn each task.
        single_pass: Floating-point operations of one forward and backward pass over each task's own training data.
    """

    accuracy: tuple[tuple[float, ...], ...]
    model_bytes: tuple[int, ...]
    buffer_bytes: tuple[int, ...]
    data_bytes: int
    operations: tuple[int, ...]
    single_pass: tuple[int, ...]

    @property
    def tasks(self) -> int:
        """Number of tasks N."""
        return len(self.accuracy) - 1

    def after(self, task: int, learned: int) -> float:
        """R[i][j]: accuracy on ``task`` j, from 1, once ``learned`` tasks i are done, from 0 for the untrained row."""
        return self.accuracy[learned][task - 1]

    def until(self, learned: int) -> History:
        """The history of the first ``learned`` tasks (at least 1) alone; ``data_bytes`` stays that of the sequence."""
        return replace(
            self,
            accuracy=tuple(row[:learned] for row in self.accuracy[: learned + 1]),
            model_bytes=self.model_bytes[:learned],
            buffer_bytes=self.buffer_bytes[:learned],
            operations=self.operations[:learned],
            single_pass=self.single_pass[:learned],
        )


class Measure(Component, ABC):
    """One number about a run, or about several.

    Attributes:
        direction: Whether more is better.
        low: The least value that can come out.
        high: The greatest.
    """

    direction: ClassVar[Literal["maximize", "minimize"]] = "maximize"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    def __init__(self, config: Settings) -> None:
        self.config = config


class Metric(Measure, ABC):
    """A pure function of a run's history. Built as ``Metric(config)``."""

    @abstractmethod
    def value(self, history: History) -> float:
        """The metric of a history of one task or more; not a number where it is undefined for so few tasks."""
