"""Reading samples from NumPy's files."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cltk.errors import DataError
from cltk_scenarios.memory import require_memory
from cltk_scenarios.table import Table

__all__ = ["read_npy", "read_npz"]

NUMBERS = "biuf"
"""Kinds of arrays that are read as numbers: bool, integer and float."""


def read_npy(path: Path, label: str | None) -> Table:
    """Reads a sample a row from a 2-D array.

    Args:
        path: The file.
        label: The number (from 0) of the column that holds the label; None for the last one.

    Raises:
        DataError: The file cannot be read or is larger than memory, or has no such column.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind not in NUMBERS:
        shape, kind = getattr(array, "shape", "?"), getattr(array, "dtype", "?")
        problem = f"The file '{path}' cannot be used: it is an array {shape} of {kind}."
        raise DataError(problem, "Give a 2-D array of numbers, a sample a row; for images, set 'shape' too.")
    number = "-1" if label is None else label
    columns = array.shape[1]
    if not (number.lstrip("-").isdecimal() and -columns <= int(number) < columns):
        raise DataError(f"The file '{path}' has no column '{label}'.", f"Its columns are 0 to {columns - 1}.")
    require_memory(path, array.size)
    column = int(number) % columns
    return Table(path, _floats(np.delete(array, column, axis=1)), np.array(array[:, column]))


def read_npz(path: Path, values: str, label: str | None) -> Table:
    """Reads samples and labels from two arrays: (N, D) vectors, (N, H, W) or (N, C, H, W) images, and (N,) labels.

    Args:
        path: The file.
        values: The name of the array of samples.
        label: The name of the array of labels; None for ``y``.

    Raises:
        DataError: The file cannot be read or is larger than memory, or lacks an array.
    """
    label = "y" if label is None else label
    try:
        with zipfile.ZipFile(path) as archive:
            require_memory(path, math.ceil(max((entry.file_size for entry in archive.infolist()), default=0) / 4))
        with np.load(path, allow_pickle=False) as arrays:
            names = list(arrays)
            if missing := [name for name in (values, label) if name not in names]:
                problem = f"The file '{path}' has no array '{missing[0]}'."
                raise DataError(problem, f"It has: {', '.join(names)}; say which with 'values' and 'label'.")
            x, y = arrays[values], arrays[label]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _unreadable(path, error) from error
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in NUMBERS or y.ndim != 1 or y.dtype.kind not in f"{NUMBERS}U":
        problem = f"The file '{path}' cannot be used: '{values}' is {x.shape} {x.dtype}, '{label}' {y.shape} {y.dtype}."
        raise DataError(problem, "Give numbers (N, D), (N, H, W) or (N, C, H, W), and (N,) labels.")
    return Table(path, _floats(x), y)


def _floats(array: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # What float32 cannot hold becomes infinite, and is refused as such.
        return np.ascontiguousarray(array, dtype=np.float32)


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"Cannot read '{path}': {error}.", "Name a file that NumPy saved, without Python objects in it.")
