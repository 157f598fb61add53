"""Reading samples from a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cltk.errors import DataError
from cltk_scenarios.memory import require_memory
from cltk_scenarios.table import MISSING, Table

__all__ = ["read_csv"]

DELIMITERS = ",;\t"
LOOKED_AT = 1 << 20
"""Most characters of the second line, by which a file's values are estimated: the first one may hold names."""


def read_csv(path: Path, label: str | None) -> Table:
    """Reads one sample a line, with or without a line of names on top.

    Args:
        path: The file, in UTF-8; fields are parted by commas, semicolons or tabs, whichever its first line has most of.
        label: The name or the number (from 0) of the column that holds the label; None for the last one.

    Raises:
        DataError: The file cannot be read or is larger than memory, has no such column, or a line does not fit.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            top = file.readline()
            sample = file.readline(LOOKED_AT) or top
            file.seek(0)
            delimiter = max(DELIMITERS, key=top.count)
            require_memory(path, (sample.count(delimiter) + 1) * path.stat().st_size // max(len(sample), 1))
            rows = csv.reader(file, delimiter=delimiter)
            return _table(path, ((rows.line_num, row) for row in rows if row), label)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"Cannot read '{path}': {error}.", "Name a readable CSV file in UTF-8.") from error


def _table(path: Path, rows: Iterator[tuple[int, list[str]]], label: str | None) -> Table:
    top, first = next(rows, (1, []))
    column = _column(path, first, label)
    values, labels = [], []
    for line, row in rows:
        if len(row) != len(first):
            raise _broken(path, line, f"has {len(row)} fields instead of {len(first)}")
        values.append(_values(path, line, row, column))
        labels.append(row[column].strip())
    if not _holds_names(first, column, label, labels):
        values.insert(0, _values(path, top, first, column))
        labels.insert(0, first[column].strip())
    return Table(path, np.stack(values) if values else np.empty((0, 1), np.float32), _numbers(labels))


def _column(path: Path, first: Sequence[str], label: str | None) -> int:
    """The number of the column that holds the label."""
    names = [name.strip() for name in first]
    if label in names and label is not None:
        return names.index(label)
    number = "-1" if label is None else label
    if number.lstrip("-").isdecimal() and -len(first) <= int(number) < len(first):
        return int(number) % len(first)
    known = f"It has: {', '.join(names[:10])}" + (", ..." if len(names) > 10 else "")
    raise DataError(f"The file '{path}' has no column '{label}' that could hold the labels.", known)


def _holds_names(first: Sequence[str], column: int, label: str | None, labels: Sequence[str]) -> bool:
    """Whether the first line holds the names of columns, and no sample.

    Names may be numbers, as pandas gives them: 0 to D - 1, or above labels that are numbers where its own is none.
    """
    fields = [field.strip() for place, field in enumerate(first) if place != column]
    own = first[column].strip()
    if not any(map(_is_number, fields)) or (own == label and not _is_number(own)):
        return True
    if len(fields) > 1 and fields == [str(place) for place in range(len(fields))]:
        return True
    known = [text for text in labels if text not in MISSING]
    return bool(own and known) and not _is_number(own) and all(map(_is_number, known))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _values(path: Path, line: int, row: list[str], column: int) -> NDArray[np.float32]:
    fields = row[:column] + row[column + 1 :]
    try:
        with np.errstate(over="ignore"):  # What float32 cannot hold becomes infinite, and is refused as such.
            return np.array(fields, dtype=np.float32)
    except ValueError:
        strange = next(field for field in fields if not _is_number(field))
        raise _broken(path, line, f"has the value '{strange}', which is no number") from None


def _numbers(labels: list[str]) -> NDArray[np.float64] | NDArray[np.str_]:
    """The labels as numbers if all are, so that they sort as numbers do; a missing one stays missing."""
    texts = np.array(labels)
    return texts.astype(np.float64) if all(map(_is_number, filter(None, labels))) and all(labels) else texts


def _broken(path: Path, line: int, what: str) -> DataError:
    return DataError(f"The file '{path}' cannot be used: line {line} {what}.", "Correct the line, or leave it out.")
