"""A data set of classes as a sequence of tasks: what all scenarios of this package share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
from pydantic import Field, field_validator
from torch import Tensor

from cltk.config import Settings
from cltk.errors import DataError
from cltk.interfaces import Examples, IncrementalSetting, Scenario, Task
from cltk_scenarios.images import CLASSES, Images
from cltk_scenarios.partition import groups, hold_out

__all__ = ["Split"]


class Split(Scenario, ABC):
    """Groups the classes of a data set into tasks; images keep the order of their file.

    In the class- and the task-incremental setting a label is the class itself. In the domain-incremental setting it
    is the position of the class in its task's group, so that the tasks share their labels.

    Source: van de Ven & Tolias 2019, arXiv 1904.07734.
    """

    class Config(Settings):
        """How classes become tasks, and how much of the training images is used."""

        tasks: int = Field(5, ge=1, le=CLASSES, description="number of tasks; the earlier ones get the extra classes")
        setting: IncrementalSetting = Field(
            "class", description="class-, task- or domain-incremental: what a test image is told apart from"
        )
        class_order: tuple[int, ...] | None = Field(
            None, description="all classes in the order in which they are learned; ascending by default"
        )
        validation: float = Field(
            0.0, ge=0, lt=1, description="share of each class's training images that is held out, the same in every run"
        )
        per_class: int | None = Field(
            None, ge=1, description="train on at most so many images of a class, for quick tries; all by default"
        )

        @field_validator("class_order")
        @classmethod
        def _check_order(cls, order: tuple[int, ...] | None) -> tuple[int, ...] | None:
            if order is not None and sorted(order) != list(range(CLASSES)):
                raise ValueError(f"must hold each class from 0 to {CLASSES - 1} once")
            return order

    config: Config

    data: ClassVar[str]
    """What the data set is called in messages."""

    def __init__(self, config: Config, folders: Sequence[Path] = ()) -> None:
        self.config = config
        train, test = self._read(folders)
        self._groups = groups(config.class_order or range(CLASSES), config.tasks)
        self._tasks = self._split(train, test)

    @classmethod
    @abstractmethod
    def _read(cls, folders: Sequence[Path]) -> tuple[Images, Images]:
        """Reads the training and the test part, or raises a ``DataError``."""

    @property
    def setting(self) -> IncrementalSetting:
        """Class-, task- or domain-incremental."""
        return self.config.setting

    @property
    def outputs(self) -> int:
        """One output for each class; in the domain-incremental setting, for each class of the largest task."""
        return max(len(group) for group in self._groups) if self.setting == "domain" else CLASSES

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks, in order."""
        return self._tasks

    def _split(self, train: Images, test: Images) -> tuple[Task, ...]:
        trained = [
            hold_out(members, label, self.config.validation, self.config.per_class)
            for label, members in enumerate(self._members(train))
        ]
        tested = self._members(test)
        tasks = []
        for index, group in enumerate(self._groups):
            classes = tuple(range(len(group))) if self.setting == "domain" else group
            names = torch.zeros(CLASSES, dtype=torch.int64)
            names[list(group)] = torch.tensor(classes)
            parts = (
                _examples(train, [trained[label][0] for label in group], names),
                _examples(train, [trained[label][1] for label in group], names),
                _examples(test, [tested[label] for label in group], names),
            )
            tasks.append(Task(index, classes, *parts))
        return tuple(tasks)

    def _members(self, images: Images) -> list[Tensor]:
        """The positions of each class's images, none of them empty."""
        members = images.members()
        for label, positions in enumerate(members):
            if not len(positions):
                raise DataError(
                    f"{self.data} came without any image of class {label}; its training and its test part must hold "
                    f"all of 0 to {CLASSES - 1}.",
                    "Replace its files by the published ones.",
                )
        return members


def _examples(images: Images, members: Sequence[Tensor], names: Tensor) -> Examples:
    """The images at the positions in ``members``, in the order of their file; ``names`` (K,) renames the classes."""
    index = torch.cat(list(members)).sort().values
    return Examples(images.x(index), names[images.y(index)])
