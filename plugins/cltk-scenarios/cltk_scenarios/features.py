"""Split features: a user's own file of vectors or images."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, model_validator
from torch import Tensor

from cltk.errors import DataError, DataUnavailableError
from cltk_scenarios.csv_table import read_csv
from cltk_scenarios.numpy_table import read_npy, read_npz
from cltk_scenarios.partition import stratified
from cltk_scenarios.split import Parts, Split
from cltk_scenarios.table import Table
from cltk_scenarios.vectors import Vectors

__all__ = ["Features"]

TEST_SHARE = 0.2


@final
class Features(Split):
    """A file of your own, split by class: labelled vectors or images in a ``.csv``, ``.npz`` or ``.npy``.

    Values are scaled to [0, 1] by the smallest and the greatest of the first task's training data, and clipped: no
    later task and no test data has a say in it. Classes are numbered in the order of their sorted labels. The file's
    digest is recorded and is part of what a run is told from others by.

    Source: none; the settings: van de Ven & Tolias 2019, arXiv 1904.07734.

    Deviations: none.
    """

    class Config(Split.Config):
        """Where the data is, how it is scaled, and how classes become tasks."""

        path: str = Field("", description="file to train on, looked for as it stands and then in the data folders")
        test_path: str | None = Field(
            None, description="file to test on; by default a share of each class of the file to train on"
        )
        test_share: float | None = Field(
            None, gt=0, lt=1, description="that share, the same samples in every run; a fifth by default"
        )
        label: str | None = Field(
            None,
            description="column of the labels: its name or number in a .csv, number in a .npy, the last by default; "
            "array of the labels in a .npz, y by default",
        )
        values: str = Field("x", description="array of the samples in a .npz")
        shape: tuple[PositiveInt, PositiveInt, PositiveInt] | None = Field(
            None, description="(C, H, W) of an image whose values stand in a row; vectors of D values are (1, 1, D)"
        )
        scaling: Literal["auto", "each", "all"] = Field(
            "auto", description="a scale for each value, or one for all; by default each for vectors, all for images"
        )
        digest: str | None = Field(
            None, description="SHA-256 of the files, filled in when they are read, checked where it is given"
        )

        @model_validator(mode="after")
        def _tests_one_way(self) -> Self:
            if self.test_path is not None and self.test_share is not None:
                raise ValueError("'test_path' and 'test_share' are both given; leave one of them out")
            return self

    config: Config
    value_bytes = 4

    @property
    def pinned_config(self) -> Config:
        """The settings with the digest of the files."""
        return self.config.model_copy(update={"digest": self._digest})

    @classmethod
    def data_state(cls, folders: Sequence[Path]) -> str:
        """Says that the user names the file."""
        return "a file of yours: name it with --scenario.path"

    def _read(self, folders: Sequence[Path]) -> tuple[Vectors, Vectors, int]:
        if not self.config.path:
            raise DataUnavailableError("No file of features was named.", "Say --scenario.path FILE.")
        names = [self.config.path, *([self.config.test_path] if self.config.test_path else [])]
        paths = [_find(name, folders) for name in names]
        self.data = " and ".join(f"'{name}'" for name in names)
        tables = [self._table(path) for path in paths]
        self._digest = _digest(paths)  # After reading, which refuses what is too large to be gone through.
        if self.config.digest not in (None, self._digest):
            problem = f"{self.data} changed: the digest is {self._digest}, and {self.config.digest} was recorded."
            raise DataError(problem, "Bring the file of then back, or leave 'digest' out to run on that of today.")
        names_of_classes = np.unique(tables[0].labels)
        if len(names_of_classes) < 2:
            raise tables[0].broken(f"it has the one class '{names_of_classes[0]}'", "Name a file with two or more.")
        parts = [self._vectors(table, names_of_classes) for table in tables]
        untested = np.setdiff1d(names_of_classes, tables[-1].labels)
        if len(untested):
            raise tables[-1].broken(
                f"it has no sample of the class '{untested[0]}', which is trained on",
                "Add some, or leave the class out of both files.",
            )
        train, test = parts if len(parts) == 2 else self._divide(tables[0], parts[0])
        if train.values.shape[1:] != test.values.shape[1:]:
            shapes = [part.values.shape[1:] for part in (train, test)]
            raise tables[1].broken(f"its samples are {shapes[1]} instead of {shapes[0]}", "Give both the same columns.")
        return train, test, len(names_of_classes)

    def _scale(self, train: Any, test: Any, first: Tensor) -> Parts:
        is_image = train.values.shape[1:3] != (1, 1)
        each = self.config.scaling == "each" or (self.config.scaling == "auto" and not is_image)
        deciding = train.values[first.numpy()]
        return train.scaled_like(deciding, each), test.scaled_like(deciding, each)

    def _table(self, path: Path) -> Table:
        label = self.config.label
        match path.suffix.lower():
            case ".csv":
                return read_csv(path, label)
            case ".npy":
                return read_npy(path, label)
            case ".npz":
                return read_npz(path, self.config.values, label)
        raise DataError(f"The file '{path}' is of no kind that is read here.", "Name a .csv, .npz or .npy.")

    def _vectors(self, table: Table, classes: NDArray[Any]) -> Vectors:
        strange = np.setdiff1d(table.labels, classes)
        if len(strange):
            raise table.broken(f"it has the class '{strange[0]}', which is not trained on", "Leave its samples out.")
        return Vectors(_shaped(table, self.config.shape), np.searchsorted(classes, table.labels).astype(np.int64))

    def _divide(self, table: Table, samples: Vectors) -> tuple[Vectors, Vectors]:
        counts = np.bincount(samples.labels)
        if counts.min() < 2:
            label = table.labels[samples.labels == counts.argmin()][0]
            raise table.broken(f"the class '{label}' has one sample, to train or to test on", "Leave the class out.")
        share = TEST_SHARE if self.config.test_share is None else self.config.test_share
        tested = stratified(samples.labels, share)
        train, test = (Vectors(samples.values[part], samples.labels[part]) for part in (~tested, tested))
        return train, test


def _find(name: str, folders: Sequence[Path]) -> Path:
    try:
        given = Path(name).expanduser()
    except RuntimeError as error:
        raise DataError(f"'{name}' names a user who does not exist.", "Name it by its whole path.") from error
    candidates = [given, *(folder / given for folder in folders)]
    path = next((candidate for candidate in candidates if candidate.is_file()), None)
    if path is None:
        where = ", ".join(f"'{candidate}'" for candidate in dict.fromkeys(candidates))
        raise DataError(f"There is no file '{name}': looked for {where}.", "Name a .csv, .npz or .npy.")
    return path


def _digest(paths: Sequence[Path]) -> str:
    """The first 16 hexadecimal digits of a SHA-256 over the contents of the files."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise DataError(f"Cannot read '{path}': {error}.", "Make the file readable.") from error
    return digest.hexdigest()[:16]


def _shaped(table: Table, shape: tuple[int, int, int] | None) -> NDArray[np.float32]:
    """The samples as (N, C, H, W)."""
    x = table.x
    if shape is not None:
        if np.prod(shape) != np.prod(x.shape[1:]):
            raise table.broken(
                f"a sample has {np.prod(x.shape[1:])} values, and 'shape' is {shape}", "Correct 'shape'."
            )
        return x.reshape(len(x), *shape)
    missing = 4 - x.ndim
    return x.reshape(len(x), *(1,) * missing, *x.shape[1:])
