"""The rows of ``cltk runs list``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cltk.errors import ConfigError, closest
from cltk.kinds import SLOTS
from cltk.layers import parse_value
from cltk.mappings import flatten
from cltk.record import Record

__all__ = ["chosen_rows", "printed", "rows_of"]

Row = dict[str, Any]
_SETTINGS = "settings"


def rows_of(records: Sequence[Record], store: Path) -> list[Row]:
    """A row a run, with all its settings by their dotted paths in ``settings``."""
    return [_row(record, store) for record in records]


def chosen_rows(rows: Sequence[Row], conditions: Sequence[str], sort: str) -> list[Row]:
    """The rows that meet conditions such as ``status=failed``, sorted by a column or setting.

    Raises:
        ConfigError: A condition has no ``=``, or there is no such column.
    """
    chosen = list(rows)
    for condition in conditions:
        name, equals, text = condition.partition("=")
        if not equals:
            raise ConfigError(f"'{condition}' is not a condition.", "Write it as name=value: status=failed")
        _check(name, rows)
        chosen = [row for row in chosen if _value(row, name) in (text, parse_value(text))]
    if sort:
        name = sort.removeprefix("-")
        _check(name, rows)
        known = [row for row in chosen if _value(row, name) is not None]
        unknown = [row for row in chosen if _value(row, name) is None]
        chosen = sorted(known, key=lambda row: _sortable(_value(row, name)), reverse=sort.startswith("-")) + unknown
    return chosen


def printed(rows: Sequence[Row]) -> list[dict[str, str]]:
    """The rows as text, with those settings alone that are not the same wherever a run has them."""
    values: dict[str, set[str]] = {}
    for row in rows:
        for path, value in row[_SETTINGS].items():
            values.setdefault(path, set()).add(repr(value))
    differing = [path for path, several in values.items() if len(several) > 1]
    return [
        {name: str(value) for name, value in row.items() if name != _SETTINGS}
        | {
            "written": row["written"][:16],
            "accuracy": "" if row["accuracy"] is None else f"{row['accuracy']:.4f}",
            _SETTINGS: " ".join(f"{path}={row[_SETTINGS][path]}" for path in differing if path in row[_SETTINGS]),
        }
        for row in rows
    ]


def _row(record: Record, store: Path) -> Row:
    written = datetime.fromtimestamp((store / record.run_id / "record.json").stat().st_mtime).astimezone()
    settings = {slot: record.config[slot] for slot in SLOTS if record.config.get(slot)}
    return {
        "run": record.run_id,
        "written": written.isoformat(sep=" ", timespec="seconds"),
        "name": record.config.get("name", ""),
        "seed": record.seed,
        "status": record.status,
        "accuracy": record.final_accuracy if record.tasks else None,
        _SETTINGS: {path.removesuffix(".name"): value for path, value in flatten(settings)},
    }


def _value(row: Row, name: str) -> Any:
    return row[name] if name in row else row[_SETTINGS].get(name.replace("-", "_"))


def _sortable(value: Any) -> tuple[bool, Any]:
    """Numbers before words, as some settings may be either."""
    return (False, value) if isinstance(value, int | float) else (True, str(value))


def _check(name: str, rows: Sequence[Row]) -> None:
    valid = {column for row in rows for column in (*row, *row[_SETTINGS])} - {_SETTINGS}
    if rows and name.replace("-", "_") not in valid:
        raise ConfigError(f"No run has a column or setting '{name}'.", closest(name, valid))
