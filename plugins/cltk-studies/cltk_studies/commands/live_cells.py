"""The cells of a study in the terminal, filling up while its runs end."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from cltk.record import Record
from cltk.runs.summary import estimate
from cltk_studies.questions.plan import Plan
from cltk_studies.reports.formats import format_duration, format_mean

__all__ = ["LiveCells"]

_ELSE = 8
"""Lines of the terminal that other things take."""


class LiveCells:
    """A line a cell: how many of its runs are done, its accuracy so far, what a run takes.

    A terminal that is too low shows those that changed last.

    Args:
        plan: What is to be done, with what is done already.
    """

    def __init__(self, plan: Plan | None) -> None:
        cells = plan.cells if plan else ()
        self._totals = {planned.cell.name: len(planned.done) + len(planned.open) for planned in cells}
        self._done = {planned.cell.name: len(planned.done) for planned in cells}
        self._failed: dict[str, int] = {}
        self._records: dict[str, list[Record]] = {}
        self._last: list[str] = []

    def add(self, name: str, records: Sequence[Record], failed: bool) -> None:
        """Takes note of an item that ended."""
        self._done[name] = self._done.get(name, 0) + (not failed)
        self._failed[name] = self._failed.get(name, 0) + failed
        self._records.setdefault(name, []).extend(record for record in records if record.finished)
        self._last = [*(other for other in self._last if other != name), name]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table, as high as there is room."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        table.add_column("cell", overflow="ellipsis", no_wrap=True)
        for heading in ("done", "accuracy", "a run", ""):
            table.add_column(heading, no_wrap=True, min_width=len(heading))
        names = list(self._done)
        room = max(3, console.height - _ELSE)
        if len(names) > room:
            names = self._last[-room:] or names[:room]
        for name in names:
            table.add_row(*self._row(name))
        yield table

    def _row(self, name: str) -> tuple[Text, ...]:
        records = self._records.get(name, [])
        total = self._totals.get(name)
        done = f"{self._done[name]} of {total}" if total else str(self._done[name])
        accuracy = format_mean(estimate([record.final_accuracy for record in records])) if records else ""
        seconds = [record.seconds.get("total", 0.0) for record in records]
        duration = format_duration(sum(seconds) / len(seconds)) if seconds else ""
        failed = self._failed.get(name, 0)
        return *map(Text, (name, done, accuracy, duration)), Text(f"{failed} failed" if failed else "", "red")
