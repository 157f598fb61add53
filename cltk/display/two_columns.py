"""A list of names and values that takes half the lines where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

__all__ = ["TwoColumns"]


class TwoColumns:
    """Rows in two columns, down the first one and then the second; in one where a terminal is too narrow.

    Elsewhere than in a terminal it is one column: programs read line by line.

    Args:
        rows: The cells of each row, the name first.
    """

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self._rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Both columns, or one."""
        half = (len(self._rows) + 1) // 2
        both = Table.grid(padding=(0, 2))
        both.add_row(_column(self._rows[:half]), _column(self._rows[half:]))
        fits = Measurement.get(console, options.update(width=10_000), both).maximum <= options.max_width
        yield both if console.is_terminal and fits and len(self._rows) > 1 else _column(self._rows)


def _column(rows: Sequence[Sequence[str]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table
