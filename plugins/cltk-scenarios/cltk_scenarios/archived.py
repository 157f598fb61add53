"""Scenarios over data sets in MNIST's format."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from cltk_scenarios.archive import Archive
from cltk_scenarios.division import TenClasses
from cltk_scenarios.images import CLASSES, Images
from cltk_scenarios.split import Split

__all__ = ["ArchivedSplit"]


class ArchivedSplit(Split, ABC):
    """Splits a data set that is read from an archive.

    Attributes:
        archive: The data set.
    """

    class Config(TenClasses):
        """How ten classes become tasks, and how much of the training images is used."""

    archive: ClassVar[Archive]

    @classmethod
    def data_state(cls, folders: Sequence[Path]) -> str:
        """The folder that the data is in, or how many of its files are missing."""
        return cls.archive.state(folders)

    @classmethod
    def fetch(cls, folder: Path) -> None:
        """Downloads the data files into ``folder``, except those that are there and whole.

        Raises:
            DataError: The download failed, or the folder cannot be written.
        """
        cls.archive.fetch(folder)

    def _read(self, folders: Sequence[Path]) -> tuple[Images, Images, int]:
        return *self.archive.load(folders), CLASSES
