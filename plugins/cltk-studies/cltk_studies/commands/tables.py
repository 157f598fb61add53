"""Tables of studies on the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from cltk.cli.console import print_result
from cltk_figures.tables import Table
from cltk_studies.answers.results import StudyResult
from cltk_studies.reports.tables import first_tables, result_tables

__all__ = ["print_table", "print_tables"]

_NARROWEST = 10
_PROSE = 30
"""A column with a text of this length may be wrapped, narrower ones hold numbers."""
_UNBOUNDED = 10_000


def print_tables(results: Iterable[StudyResult], *, all_metrics: bool = False) -> None:
    """Prints the first tables of studies on standard output, or all of them."""
    for result in results:
        print(f"{result.study.name}: {result.finished} of {result.total} runs finished\n")
        for table in result_tables(result) if all_metrics else first_tables(result):
            print_table(table)


def print_table(table: Table, *, stderr: bool = False) -> None:
    """Prints a table; where it is too wide, with numbers for the names in its first column, which are listed above."""
    console = Console(stderr=stderr, markup=False, emoji=False)
    parts: list[Any] = [_grid(_narrowed(table))]
    if console.is_terminal and not _fits(parts[0], console):
        parts = [*_numbered(table, console)] if all(row[0] for row in table.rows) else parts
    # Not the grid's own caption, which would be no wider than the grid.
    parts += [*([Text(table.note, "dim")] if table.note else []), ""]
    print_result(*parts, stderr=stderr)


def _grid(table: Table, *, gap: int = 1, wraps: bool = False) -> Grid:
    """The table; where it ``wraps``, numbers too, between a mean and its interval."""
    look: Any = {"box": box.SIMPLE_HEAD, "show_edge": False, "padding": (0, gap, 0, 0)}
    grid = Grid(title=table.title, title_justify="left", title_style="bold", **look)
    texts = [tuple(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row) for row in table.rows]
    for index, column in enumerate(table.columns):
        widest = max((len(row[index]) for row in texts), default=0)
        heading = "\n".join(textwrap.wrap(column, max(widest, _NARROWEST)))
        names = index == 0 and widest >= _NARROWEST
        grid.add_column(heading, overflow="fold", no_wrap=not (names or wraps or widest >= _PROSE))
    for row in texts:
        grid.add_row(*map(Text, row))
    return grid


def _fits(grid: Grid, console: Console) -> bool:
    return Measurement.get(console, console.options.update(width=_UNBOUNDED), grid).maximum <= console.width


def _numbered(table: Table, console: Console) -> Iterator[Any]:
    """The table with numbers for the names in its first column, after a list of these; as wide as there is room."""
    for number, row in enumerate(table.rows, start=1):
        yield Text(f"{number}  {row[0]}")
    rows = tuple((str(number), *row[1:]) for number, row in enumerate(table.rows, start=1))
    grids = [_grid(replace(table, rows=rows), gap=gap) for gap in (1, 0)]
    fitting = [grid for grid in grids if _fits(grid, console)]
    yield from ("", *(fitting or [_grid(replace(table, rows=rows), wraps=True)])[:1])


def _narrowed(table: Table) -> Table:
    """The table with one column less where its first one groups rows: groups become headings, for narrow terminals."""
    if all(row[0] for row in table.rows):
        return table
    rows: list[tuple[Any, ...]] = []
    for group, name, *others in table.rows:
        if group:
            rows.append((group, *[""] * len(others)))
        rows.append((f"  {name}", *others))
    columns = (f"{table.columns[0]} and {table.columns[1]}", *table.columns[2:])
    return replace(table, columns=columns, rows=tuple(rows))
