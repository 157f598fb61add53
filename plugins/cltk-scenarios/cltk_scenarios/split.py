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
from cltk.interfaces import Examples, Scenario, Setting, Task
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
        setting: Setting = Field(
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
        self._tasks = tuple(self._task(index, train, test) for index in range(config.tasks))

    @classmethod
    @abstractmethod
    def _read(cls, folders: Sequence[Path]) -> tuple[Images, Images]:
        """Reads the training and the test part, or raises a ``DataError``."""

    @property
    def setting(self) -> Setting:
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

    def _task(self, index: int, train: Images, test: Images) -> Task:
        group = self._groups[index]
        parts = [
            hold_out(self._members(train, label), label, self.config.validation, self.config.per_class)
            for label in group
        ]
        kept, held = (torch.cat(part).sort().values for part in zip(*parts, strict=True))
        tested = torch.cat([self._members(test, label) for label in group]).sort().values
        classes = tuple(range(len(group))) if self.setting == "domain" else group
        names = torch.zeros(CLASSES, dtype=torch.int64)
        names[list(group)] = torch.tensor(classes)
        return Task(
            index,
            classes,
            _examples(train, kept, names),
            _examples(train, held, names),
            _examples(test, tested, names),
        )

    def _members(self, images: Images, label: int) -> Tensor:
        """The positions of a class's images, (n,) int64 with n at least 1."""
        members = (images.y == label).nonzero().flatten()
        if not len(members):
            raise DataError(
                f"{self.data} came without any image of class {label}; its training and its test part must hold all "
                f"of 0 to {CLASSES - 1}.",
                "Replace its files by the published ones.",
            )
        return members


def _examples(images: Images, index: Tensor, names: Tensor) -> Examples:
    """The images at ``index``, (n,) int64, their classes renamed by ``names``, (K,) int64."""
    return Examples(images.scaled(index), names[images.y[index]])
