"""Columns and settings of the runs in --store, and conditions on them, for the shell to complete."""

from __future__ import annotations

from pathlib import Path

import typer

from cltk.cli.assignments import assignments

__all__ = ["columns", "conditions", "names"]


def columns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes what ``cltk runs list`` sorts by."""
    return sorted(name for name in _values(ctx) if name.startswith(incomplete))


def conditions(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes ``name=value``, of values that runs have."""
    values = _values(ctx)

    def complete(name: str, typed: str) -> list[str]:
        return [value for value in values.get(name.replace("-", "_"), ()) if value.startswith(typed)]

    return assignments(incomplete, values, complete)


def names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes what results are filed under."""
    return [name for name in _values(ctx).get("name", ()) if name.startswith(incomplete)]


def _values(ctx: typer.Context) -> dict[str, list[str]]:
    """The values that runs have in each column and setting, as they are typed."""
    from cltk.cli.run_rows import columns_of, rows_of
    from cltk.layers import as_typed
    from cltk.runs.reading import read_records

    store = Path(ctx.params.get("store") or "runs")
    every = columns_of(rows_of(read_records(store)[0], store))
    return {name: sorted({as_typed(value) for value in values}) for name, values in every.items()}
