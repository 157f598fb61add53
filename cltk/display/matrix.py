"""The accuracy matrix as a table that fits where it is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

__all__ = ["AccuracyMatrix"]

_WIDEST = 10_000
_LEFT_OUT = -1

Matrix = Sequence[Sequence[float]]


class AccuracyMatrix:
    """Rows: before training, then after each task; columns: the mean over the tasks learned so far, then all tasks.

    Where there is little room it goes without deviations but those of the last row, then without decimals, then without
    the tasks in the middle. The mean stays, and no number is cut.

    Args:
        rows: Accuracy in [0, 1].
        classes: The labels of each task.
        deviations: The standard deviation of each entry, where the matrix is a mean.
        title: What stands above it.
    """

    def __init__(
        self,
        rows: Matrix,
        classes: Sequence[Sequence[int]],
        deviations: Matrix | None = None,
        title: str = "Accuracy on each task (%)",
    ) -> None:
        self._rows, self._classes, self._deviations, self._title = rows, classes, deviations, title

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The first layout that fits, or else the narrowest."""
        table = Table()
        for table in self._layouts():
            if Measurement.get(console, options.update(width=_WIDEST), table).maximum <= options.max_width:
                break
        yield table

    def _layouts(self) -> Iterator[Table]:
        tasks = list(range(len(self._classes)))
        if self._deviations is not None:
            yield self._table(tasks, 1, self._deviations)
            yield self._table(tasks, 0, self._deviations)
        yield self._table(tasks, 1)
        yield self._table(tasks, 0)
        for kept in range((len(tasks) - 1) // 2, 0, -1):
            yield self._table([*tasks[:kept], _LEFT_OUT, *tasks[-kept:]], 0)

    def _table(self, tasks: Sequence[int], decimals: int, deviations: Matrix | None = None) -> Table:
        look: Any = {"box": box.SIMPLE_HEAD, "show_edge": False, "padding": (0, 1, 0, 0)}
        title = self._title + (", ± deviation" if deviations else "")
        table = Table(title=title, title_justify="left", title_style="bold", **look)
        table.add_column("", no_wrap=True)
        table.add_column("seen", justify="right", no_wrap=True)
        for task in tasks:
            table.add_column(
                "…" if task == _LEFT_OUT else self._heading(task, "task " if decimals else ""),
                justify="right",
                no_wrap=True,
            )
        for learned, row in enumerate(self._rows):
            mean = Text(f"{100 * sum(row[:learned]) / learned:.{decimals}f}" if learned else "", "bold")
            cells = [self._cell(learned, task, decimals, deviations) for task in tasks]
            table.add_row(f"after {learned}" if learned else "before", mean, *cells)
        if self._deviations and not deviations:
            last = (
                Text("" if task == _LEFT_OUT else f"±{100 * self._deviations[-1][task]:.{decimals}f}") for task in tasks
            )
            table.add_row("deviation", "", *last)
        return table

    def _cell(self, learned: int, task: int, decimals: int, deviations: Matrix | None) -> Text:
        if task == _LEFT_OUT:
            return Text()
        cell = f"{100 * self._rows[learned][task]:.{decimals}f}"
        if deviations is not None:
            cell += f" ±{100 * deviations[learned][task]:.{decimals}f}"
        return Text(cell, "" if task < learned else "dim")

    def _heading(self, task: int, word: str) -> str:
        if task == _LEFT_OUT:
            return "…"
        labels = [str(label) for label in self._classes[task]]
        return f"{word}{task + 1}\n" + (" ".join(labels) if len(labels) < 4 else f"{labels[0]}…{labels[-1]}")
