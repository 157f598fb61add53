"""MNIST seen through another transform in each task: what the permuted and the rotated scenario share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Self

import torch
from pydantic import Field
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces import Examples, IncrementalSetting, Scenario, Task
from cltk.seeding import derive_seed
from cltk_scenarios.images import CLASSES, Images
from cltk_scenarios.mnist import SplitMNIST
from cltk_scenarios.partition import hold_out, members

__all__ = ["Transform", "TransformedMNIST"]

Transform = Callable[[Tensor], Tensor]
"""Turns images (n, 1, 28, 28) float32 in [0, 1] into other ones."""


class TransformedMNIST(Scenario, ABC):
    """All ten digits in every task, each task through a transform of its own: domain-incremental.

    Args:
        config: The settings.
        folders: Where to look for data files.
        seed: Draws the transforms, where the seed is to.
    """

    class Config(Settings):
        """Number and origin of the tasks, and how much of the training images is used."""

        tasks: int = Field(10, ge=1, le=100, description="number of tasks; each takes 31 MB of test images")
        transforms: Literal["fixed", "seed"] = Field(
            "fixed", description="whether all runs have the same transforms, or each seed draws its own"
        )
        validation: float = Field(
            0.0, ge=0, lt=1, description="share of each class's training images that is held out, the same in every run"
        )
        per_class: int = Field(
            100, ge=1, description="train on at most so many images of a class in each task; 10000 for all of them"
        )

    config: Config

    setting: IncrementalSetting = "domain"
    outputs = CLASSES

    def __init__(self, config: Config, folders: Sequence[Path] = (), seed: int = 0) -> None:
        self.config = config
        self._folders = folders
        train, test = SplitMNIST.archive.load(folders)
        trained, held = self._divide(train)
        rng = torch.Generator().manual_seed(derive_seed(seed, "transforms"))
        self._tasks = tuple(
            Task(
                index,
                tuple(range(CLASSES)),
                _seen(train, trained, transform),
                _seen(train, held, transform),
                _seen(test, torch.arange(len(test.labels)), transform),
            )
            for index, transform in enumerate(self._transforms(rng))
        )

    @abstractmethod
    def _transforms(self, rng: torch.Generator) -> Sequence[Transform]:
        """One for each task, drawn from ``rng``."""

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks, in order."""
        return self._tasks

    def for_seed(self, seed: int) -> Self:
        """The scenario with the transforms of this seed, where they are to differ from seed to seed."""
        return type(self)(self.config, self._folders, seed) if self.config.transforms == "seed" else self

    @classmethod
    def data_state(cls, folders: Sequence[Path]) -> str:
        """The folder that MNIST is in, or how many of its files are missing."""
        return SplitMNIST.data_state(folders)

    @classmethod
    def fetch(cls, folder: Path) -> None:
        """Downloads MNIST into ``folder``, except the files that are there and whole.

        Raises:
            DataError: The download failed, or the folder cannot be written.
        """
        SplitMNIST.fetch(folder)

    def _divide(self, train: Images) -> tuple[Tensor, Tensor]:
        """The positions that are trained on, and those held out, in the order of the file."""
        parts = [
            hold_out(own, label, self.config.validation, self.config.per_class)
            for label, own in enumerate(members(train.labels, CLASSES))
        ]
        trained, held = (torch.cat(list(positions)).sort().values for positions in zip(*parts, strict=True))
        return trained, held


def _seen(images: Images, index: Tensor, transform: Transform) -> Examples:
    labels = torch.from_numpy(images.labels[index.numpy()].astype("int64"))
    return Examples(transform(images.x(index)), labels)
