"""The cells of a study in the terminal, filling up while its runs go on and end."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from cltk.record import Record
from cltk.runs.summary import estimate
from cltk_studies.questions.plan import Plan
from cltk_studies.reports.formats import format_duration, format_mean
from cltk_studies.work.positions import Position

__all__ = ["LiveCells"]

_ELSE = 8
"""Lines of the terminal that other things take."""


class LiveCells:
    """A line a cell: how many of its runs are done, its accuracy so far, and where the run is that goes on.

    A terminal that is too low shows those that changed last.

    Args:
        plan: What is to be done, with what is done already.
        positions: Says where the runs are that go on.
    """

    def __init__(self, plan: Plan | None, positions: Callable[[], Sequence[Position]]) -> None:
        # The one cell of a search's plan stands for trials that get names of their own.
        cells = plan.cells if plan and plan.afterwards is None else ()
        self._positions = positions
        self._planned = {planned.cell.name: planned.seconds for planned in cells}
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
        running = {position.item: position for position in sorted(self._positions(), key=lambda each: each.share)}
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        for heading in ("cell", "done", "accuracy", "now"):
            table.add_column(heading, no_wrap=heading != "cell", min_width=len(heading))
        for name in self._shown(max(3, console.height - _ELSE), running):
            table.add_row(*self._row(name, running.get(name)))
        yield table

    def _shown(self, room: int, running: Collection[str]) -> Sequence[str]:
        names = list(dict.fromkeys([*self._done, *running]))
        if len(names) <= room:
            return names
        latest = [*(name for name in self._last if name not in running), *running]
        return latest[-room:] or names[:room]

    def _row(self, name: str, position: Position | None) -> Sequence[Text]:
        records = self._records.get(name, [])
        done, total = self._done.get(name, 0), self._totals.get(name)
        accuracy = format_mean(estimate([record.final_accuracy for record in records])) if records else ""
        return (
            Text(name, overflow="ellipsis", no_wrap=True),
            Text(f"{done} of {total}" if total else str(done)),
            Text(accuracy),
            Text("  ").join(self._now(name, position)),
        )

    def _now(self, name: str, position: Position | None) -> Iterator[Text]:
        """What is going on in a cell: where its run is that is the furthest; else whether it waits or is done."""
        seconds = [record.seconds.get("total", 0.0) for record in self._records.get(name, [])]
        usual = statistics.fmean(seconds) if seconds else self._planned.get(name)
        failed, total = self._failed.get(name, 0), self._totals.get(name, 0)
        if position:
            yield Text(_describe(position, usual))
        elif self._done.get(name, 0) + failed < total:
            yield Text("waiting")
        elif seconds:
            yield Text(f"{format_duration(statistics.fmean(seconds))} a run")
        if failed:
            yield Text(f"{failed} failed", "red")


def _describe(position: Position, usual: float | None) -> str:
    left = position.seconds_left(usual)
    parts = [f"task {position.task}/{position.tasks}" if position.task else "begins"]
    if position.epochs:
        parts.append(f"epoch {position.epoch}/{position.epochs}")
    if left is not None:
        parts.append(f"{format_duration(left)} left")
    return ", ".join(parts)
