"""The scenario: a sequence of tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import torch

from cltk.config import Settings
from cltk.interfaces.component import Component, IncrementalSetting, ScenarioInfo
from cltk.interfaces.examples import Examples

__all__ = ["Scenario", "Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """One task of the sequence.

    Attributes:
        index: Its position, from 0.
        classes: Its labels, as they stand in ``train.y``.
        train: What may be trained on.
        validation: Held out of the training data for tuning; empty where nothing is held out.
        test: What is reported on.
    """

    index: int
    classes: tuple[int, ...]
    train: Examples
    validation: Examples
    test: Examples

    def to(self, device: torch.device) -> Task:
        """The same task on another device."""
        parts = (part.to(device) for part in (self.train, self.validation, self.test))
        return Task(self.index, self.classes, *parts)


class Scenario(Component, ABC):
    """An immutable sequence of tasks. Built as ``Scenario(config, folders)``.

    ``folders`` are the places to look for data files, in order. Where they are in none of them, a scenario may
    download them into the last, the user's cache.

    Attributes:
        fallback: The scenario to run instead where this one was not asked for by name and has no data.
        value_bytes: Bytes that a value of a stored sample takes: 1 for images, in 256 levels, or 4 for values that are
            not to be rounded.
    """

    fallback: ClassVar[str | None] = None
    value_bytes: ClassVar[Literal[1, 4]] = 1

    @property
    @abstractmethod
    def setting(self) -> IncrementalSetting:
        """Class-, task- or domain-incremental."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """Number of output units that a classifier needs."""

    @property
    @abstractmethod
    def tasks(self) -> Sequence[Task]:
        """The tasks, in order."""

    @property
    def pinned_config(self) -> Settings:
        """``config`` with what tells its data from other data filled in, such as a digest of a user's file.

        A run is recorded with it and told from others by it. Whoever fills a field in checks it where it is given.
        """
        return self.config

    def for_seed(self, seed: int) -> Scenario:
        """The scenario of the runs with this seed: itself, unless something of it is drawn by the seed.

        Number of tasks, shape, outputs and setting are the same for all seeds.
        """
        return self

    @classmethod
    def data_state(cls, folders: Sequence[Path]) -> str:
        """Where the data is among ``folders``, or that it is missing, in a few words; reads no image."""
        return "comes with the package"

    @classmethod
    def fetch(cls, folder: Path) -> None:
        """Downloads the data files into ``folder``, checksummed; nothing to do by default.

        Raises:
            DataError: The download failed, or the folder cannot be written.
        """

    @property
    def info(self) -> ScenarioInfo:
        """What the other components are built from."""
        channels, height, width = self.tasks[0].train.x.shape[1:]
        sizes = tuple(len(task.train) for task in self.tasks)
        classes = tuple(task.classes for task in self.tasks)
        shape = (channels, height, width)
        return ScenarioInfo(shape, self.outputs, sizes, classes, self.setting, self.value_bytes)
