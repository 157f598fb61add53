"""Tables of studies on the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from cltk_figures.tables import Table
from cltk_studies.answers.results import StudyResult
from cltk_studies.reports.tables import result_tables

__all__ = ["print_table", "print_tables"]


def print_tables(results: Iterable[StudyResult]) -> None:
    """Prints the tables of studies on standard output."""
    for result in results:
        print(f"{result.study.name}: {result.finished} of {result.total} runs finished\n")
        for table in result_tables(result):
            print_table(table)


def print_table(table: Table, *, stderr: bool = False) -> None:
    """Prints a table."""
    table = _narrowed(table)
    grid = Grid(
        title=table.title, title_justify="left", title_style="bold", show_edge=False, caption=table.note or None
    )
    grid.caption_justify, grid.caption_style = "left", "dim"
    for index, column in enumerate(table.columns):
        measured = any("±" in str(row[index]) for row in table.rows)
        grid.add_column(column, overflow="fold", no_wrap=measured)
    for row in table.rows:
        grid.add_row(*(f"{cell:,}" if isinstance(cell, int) else Text(str(cell)) for cell in row))
    console = Console(stderr=stderr)
    console.print(grid, "")


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
