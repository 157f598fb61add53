"""A data set of classes as a sequence of tasks: what all scenarios share that split one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from cltk.errors import ConfigError, DataError
from cltk.interfaces import Examples, IncrementalSetting, Scenario, Task
from cltk_scenarios.division import Division
from cltk_scenarios.partition import hold_out, members
from cltk_scenarios.samples import Samples

__all__ = ["Split"]

Parts = tuple[Samples, Samples]


class Split(Scenario, ABC):
    """Groups the classes of a data set into tasks; samples keep the order of their file.

    In the class- and the task-incremental setting a label is the class itself. In the domain-incremental setting it
    is the position of the class in its task's group, so that the tasks share their labels.

    Source: van de Ven & Tolias 2019, arXiv 1904.07734.

    Args:
        config: The settings.
        folders: Where to look for data files.
        seed: Draws the order of the classes, where the seed is to.
    """

    class Config(Division):
        """How classes become tasks, and how much of the training data is used."""

    config: Config

    data: str
    """What the data set is called in messages."""

    def __init__(self, config: Config, folders: Sequence[Path] = (), seed: int = 0) -> None:
        self.config = config
        self._folders = folders
        train, test, self._classes = self._read(folders)
        self._check()
        self._groups = config.classes_by_task(self._classes, seed)
        self._tasks = self._split(train, test)

    @abstractmethod
    def _read(self, folders: Sequence[Path]) -> tuple[Samples, Samples, int]:
        """Reads the training and the test part and counts the classes, or raises a ``DataError``."""

    def _scale(self, train: Samples, test: Samples, first: Tensor) -> Parts:
        """Both parts with x in [0, 1]; ``first`` are the positions of the first task's training samples, (n,) int64.

        Nothing else may have a say in it: whoever learns the first task has seen no other data.
        """
        return train, test

    @property
    def setting(self) -> IncrementalSetting:
        """Class-, task- or domain-incremental."""
        return self.config.setting

    @property
    def outputs(self) -> int:
        """One output for each class; in the domain-incremental setting, for each class of the largest task."""
        return max(len(group) for group in self._groups) if self.setting == "domain" else self._classes

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks, in order."""
        return self._tasks

    def for_seed(self, seed: int) -> Self:
        """The scenario with the order of classes of this seed, where it is to differ from seed to seed."""
        return type(self)(self.config, self._folders, seed) if self.config.class_order == "seed" else self

    def _check(self) -> None:
        try:
            self.config.check(self._classes)
        except ValueError as error:
            problem = f"The settings do not fit {self.data}, which has {self._classes} classes: {error}."
            raise ConfigError(problem, "Correct the setting.") from error

    def _split(self, train: Samples, test: Samples) -> tuple[Task, ...]:
        trained = self._training_positions(train)
        tested = self._members(test)
        first = torch.cat([trained[0, label][0] for label in self._groups[0]])
        train, test = self._scale(train, test, first)
        tasks = []
        for index, group in enumerate(self._groups):
            classes = tuple(range(len(group))) if self.setting == "domain" else group
            names = torch.zeros(self._classes, dtype=torch.int64)
            names[list(group)] = torch.tensor(classes)
            parts = (
                _examples(train, [trained[index, label][0] for label in group], names),
                _examples(train, [trained[index, label][1] for label in group], names),
                _examples(test, [tested[label] for label in group], names),
            )
            tasks.append(Task(index, classes, *parts))
        return tuple(tasks)

    def _training_positions(self, train: Samples) -> dict[tuple[int, int], tuple[Tensor, Tensor]]:
        """What is trained on and what is held out, by task and class."""
        positions: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}
        for label, own in enumerate(self._members(train)):
            tasks = [index for index, group in enumerate(self._groups) if label in group]
            trained, held = hold_out(own, label, self.config.validation, self.config.per_class)
            parts = [(trained, held)] * len(tasks)
            if self.config.repeats == "new" and tasks:
                if len(trained) < len(tasks):
                    problem = f"{self.data} has {len(trained)} training samples of class {label} for {len(tasks)} tasks"
                    raise ConfigError(f"{problem}.", "Let the class come back less often, or set repeats = 'same'.")
                divided = (torch.tensor_split(part, len(tasks)) for part in (trained, held))
                parts = list(zip(*divided, strict=True))
            positions |= {(index, label): part for index, part in zip(tasks, parts, strict=True)}
        return positions

    def _members(self, samples: Samples) -> list[Tensor]:
        """The positions of each class's samples, none of them empty."""
        positions = members(samples.labels, self._classes)
        for label, own in enumerate(positions):
            if not len(own):
                raise DataError(
                    f"{self.data} came without any sample of class {label}; its training and its test part must hold "
                    f"all of 0 to {self._classes - 1}.",
                    "Replace its files by whole ones.",
                )
        return positions


def _examples(samples: Samples, positions: Sequence[Tensor], names: Tensor) -> Examples:
    """The samples at ``positions``, in the order of their file; ``names`` (K,) renames the classes."""
    index = torch.cat(list(positions)).sort().values
    labels = torch.from_numpy(samples.labels[index.numpy()].astype("int64"))
    return Examples(samples.x(index), names[labels])
