"""Runs as flat rows, with the names of columns that commands and Python share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cltk.errors import ConfigError, closest
from cltk.mappings import flatten
from cltk.record import Record

__all__ = ["Row", "column_label", "find_column", "row_of", "written_at"]

Row = dict[str, Any]

_NO_SETTINGS = ("name", "description", "seeds", "metrics")
"""Entries of a record's configuration that no result depends on."""


def row_of(record: Record, metrics: Mapping[str, float | None] | None = None) -> Row:
    """A run as one row: what it is, its settings by their dotted paths, its metrics and what it cost.

    Metrics and the accuracy in the end are None for a run that did not come to its end.

    Args:
        record: The run.
        metrics: The values of metrics; by default, those that the record holds.
    """
    settings = {name: value for name, value in record.config.items() if name not in _NO_SETTINGS}
    values = record.metrics if metrics is None else metrics
    return {
        "id": record.run_id,
        "name": record.config.get("name"),
        "seed": record.seed,
        "status": record.status,
        "hash": record.config_hash,
        **dict(flatten(settings)),
        **(values if record.finished else dict.fromkeys(values)),
        "accuracy": record.final_accuracy if record.finished else None,
        "parameters": record.parameters.get("total"),
        "bytes": record.bytes.get("total"),
        "seconds": record.seconds.get("total"),
        "samples_replayed": sum(record.replay.counts),
    }


def written_at(record: Record, store: Path) -> str:
    """When the record of a run was written, in the time of this machine's zone: ``2026-01-31 23:59:58+01:00``."""
    written = (store / record.run_id / "record.json").stat().st_mtime
    return datetime.fromtimestamp(written).astimezone().isoformat(sep=" ", timespec="seconds")


def column_label(column: str) -> str:
    """The shortest name of a column: a component goes by its slot."""
    return column.removesuffix(".name")


def find_column(name: str, columns: Iterable[str]) -> str:
    """The column that is meant, of those there are: dashes, underscores and blanks are alike.

    Args:
        name: What came.
        columns: The columns there are.

    Raises:
        ConfigError: There is no such column.
    """
    by_spelling = {_spelled(column): column for column in reversed(list(columns))}
    if (spelled := _spelled(name)) not in by_spelling:
        labels = {column_label(column) for column in by_spelling.values()}
        raise ConfigError(f"There is no column '{name}'.", closest(name, labels, "cltk runs list --json"))
    return by_spelling[spelled]


def _spelled(name: str) -> str:
    return column_label(name).replace("-", "_").replace(" ", "_")
