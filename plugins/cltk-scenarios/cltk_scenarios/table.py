"""A table of numbers with a label each, read from a user's file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cltk.errors import DataError

__all__ = ["MISSING", "Table"]

MISSING = frozenset({"", "#N/A", "<NA>", "N/A", "n/a", "NA", "NaN", "nan", "NULL", "null", "None"})
"""Texts that other programs write for a label that is not there, as pandas reads them."""


@dataclass(frozen=True, slots=True)
class Table:
    """Samples and their labels, checked.

    Args:
        path: The file that they are from.
        x: (N, ...) float32: vectors (N, D), or images (N, H, W) or (N, C, H, W).
        labels: (N,) numbers or text.

    Raises:
        DataError: There is no sample, both are not equally long, a label is missing, or a value is not finite.
    """

    path: Path
    x: NDArray[np.float32]
    labels: NDArray[Any]

    def __post_init__(self) -> None:
        if len(self.x) != len(self.labels):
            raise self.broken(f"it has {len(self.x):,} samples and {len(self.labels):,} labels", "Give each its label.")
        if not self.x.size:
            raise self.broken("it holds no values", "Name a file with samples.")
        missing = _missing(self.labels)
        if missing.any():
            raise self.broken(f"labels are missing: {_places(missing)}", "Label these samples, or leave them out.")
        strange = _unusable(self.x)
        if strange.any():
            raise self.broken(
                f"values are not finite (NaN, infinite, or beyond float32): {_places(strange)}",
                "Fill these values in, or leave the samples out.",
            )

    def broken(self, what: str, advice: str) -> DataError:
        """An error about the file."""
        return DataError(f"The file '{self.path}' cannot be used: {what}.", advice)


def _missing(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Which labels are not there: not a number, or a text that stands for it."""
    return np.array([label in MISSING or label != label for label in labels.tolist()], dtype=np.bool_)


def _unusable(x: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which samples have a value that is not finite."""
    return np.array([not np.isfinite(sample).all() for sample in x], dtype=np.bool_)


def _places(mask: NDArray[np.bool_]) -> str:
    """Which samples are concerned, counted from 1."""
    places = [str(place + 1) for place in np.flatnonzero(mask)]
    return f"{len(places):,} of {len(mask):,} samples, such as number {', '.join(places[:3])}"
