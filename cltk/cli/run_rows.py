"""The rows of ``cltk runs list``, and the runs that conditions on them choose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cltk.cli.next_steps import at_store
from cltk.errors import ConfigError, Faults
from cltk.kinds import SLOTS
from cltk.layers import parse_value
from cltk.record import Record
from cltk.runs.reading import find_records, read_records
from cltk.runs.rows import Row, column_label, find_column, row_of, written_at

__all__ = [
    "chosen_records",
    "chosen_rows",
    "columns_of",
    "listed",
    "named_records",
    "printed",
    "refuse_none_named",
    "rows_of",
]

_LISTED = ("id", "written", "name", "seed", "status", "accuracy")
"""What ``cltk runs list`` has a column of, beside the settings."""


def rows_of(records: Sequence[Record], store: Path) -> list[Row]:
    """A row a run, with the time at which its record was written."""
    return [row_of(record) | {"written": written_at(record, store)} for record in records]


def chosen_rows(rows: Sequence[Row], conditions: Sequence[str], sort: str = "") -> list[Row]:
    """The rows that meet conditions such as ``status=failed``, sorted by a column or setting.

    Raises:
        ConfigError: A condition has no ``=``, or there is no such column; it tells all of them.
    """
    chosen, faults = list(rows), Faults()
    for condition in conditions:
        with faults.further():
            chosen = _meeting(condition, chosen, rows)
    with faults.further():
        chosen = _sorted(chosen, sort, rows)
    faults.settle()
    return chosen


def chosen_records(store: Path, run_ids: Sequence[str], conditions: Sequence[str]) -> list[Record]:
    """The runs of these ids, or all where none is given, that meet conditions.

    An id may be a beginning that all seeds of an experiment share.

    Raises:
        ConfigError: There is no such run, a condition is wrong, or no run meets them.
        StoreError: The record of a run that is named is incomplete or altered.
    """
    records = find_records(store, run_ids) if run_ids else read_records(store)[0]
    rows = chosen_rows(rows_of(records, store), conditions)
    if not rows:
        if not records:
            raise ConfigError(f"There is no run in '{store}'.", "Name the folder of another store with --store.")
        raise ConfigError(
            f"There is no run with {' and '.join(conditions)} in '{store}'.",
            f"See what there is: cltk runs list{at_store(store)}",
        )
    chosen = {row["id"] for row in rows}
    return [record for record in records if record.run_id in chosen]


def named_records(store: Path, run_ids: Sequence[str], conditions: Sequence[str]) -> list[Record]:
    """The same, for what is never done to all runs.

    Raises:
        ConfigError: Neither ids nor conditions are given, or as ``chosen_records`` says.
        StoreError: As ``chosen_records`` says.
    """
    refuse_none_named(run_ids, conditions)
    return chosen_records(store, run_ids, conditions)


def refuse_none_named(*choices: object) -> None:
    """Refuses to do something to all runs.

    Args:
        choices: What runs may be chosen by, each empty or None where it was not given.

    Raises:
        ConfigError: None was given.
    """
    if not any(choices):
        raise ConfigError(
            "No run is named.", "Give ids, which 'cltk runs list' tells, or --where: --where status=failed"
        )


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The values that rows have in each column, by its shortest name."""
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for column, value in row.items():
            columns.setdefault(column_label(column), []).append(value)
    return columns


def listed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows as JSON has them, with all settings of a run in ``settings``."""
    return [
        {column: row[column] for column in (*_LISTED, *row) if not _is_setting(column)} | {"settings": _settings(row)}
        for row in rows
    ]


def printed(rows: Sequence[Row], sort: str = "") -> list[dict[str, str]]:
    """The rows as text, with those settings alone that are not the same wherever a run has them.

    Args:
        rows: The rows.
        sort: What they are sorted by, which is shown too.
    """
    sorted_by = [_find_column(sort.removeprefix("-"), rows)] if sort else []
    columns = dict.fromkeys([*_LISTED, *(column for column in sorted_by if not _is_setting(column))])
    values: dict[str, set[str]] = {}
    for row in rows:
        for path, value in _settings(row).items():
            values.setdefault(path, set()).add(repr(value))
    differing = [path for path, several in values.items() if len(several) > 1]
    return [
        {column: _as_text(row.get(column)) for column in columns}
        | {
            "written": row["written"][:16],
            "settings": " ".join(f"{path}={own[path]}" for path in differing if path in own),
        }
        for row in rows
        for own in [_settings(row)]
    ]


def _as_text(value: Any) -> str:
    return "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)


def _settings(row: Row) -> dict[str, Any]:
    return {column_label(column): value for column, value in row.items() if _is_setting(column)}


def _is_setting(column: str) -> bool:
    return column.partition(".")[0] in SLOTS


def _meeting(condition: str, rows: Sequence[Row], every: Sequence[Row]) -> list[Row]:
    name, equals, text = condition.partition("=")
    if not equals:
        raise ConfigError(f"'{condition}' is not a condition.", "Write it as name=value: status=failed")
    column, value = _find_column(name, every), parse_value(text)
    return [row for row in rows if row.get(column) in (text, value, [value])]


def _sorted(rows: Sequence[Row], sort: str, every: Sequence[Row]) -> list[Row]:
    """The rows by a column, those last that do not have it."""
    if not sort:
        return list(rows)
    column = _find_column(sort.removeprefix("-"), every)
    known = [row for row in rows if row.get(column) is not None]
    unknown = [row for row in rows if row.get(column) is None]
    return sorted(known, key=lambda row: _sortable(row[column]), reverse=sort.startswith("-")) + unknown


def _sortable(value: Any) -> tuple[bool, Any]:
    """Numbers before words, as some settings may be either."""
    return (False, value) if isinstance(value, int | float) else (True, str(value))


def _find_column(name: str, rows: Sequence[Row]) -> str:
    """The column that is meant; where there is no row, any may be."""
    return find_column(name, {column: None for row in rows for column in row}) if rows else name
