"""Live progress: bars and the accuracy matrix on a terminal, one plain line a task elsewhere. On standard error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console, Group
from rich.constrain import Constrain
from rich.live import Live
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Column

from cltk.display.matrix import AccuracyMatrix
from cltk.events import EpochEnded, Event, PhaseStarted, RunStarted, TaskEnded, TaskResumed, TaskStarted, Warned
from cltk.interfaces.sink import RunGroup, Sink, Summary
from cltk.record import Record
from cltk.runs.share import RunShare

__all__ = ["Progress"]


class Progress(Sink):
    """Shows how far the runs are.

    Args:
        seeds: Number of runs to come.
        quiet: Whether to show nothing at all.
    """

    def __init__(self, seeds: int, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._live: Live | None = None
        self._seeds = seeds
        self._finished = 0
        self._shares = defaultdict[str, RunShare](RunShare)  # of the runs under way
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True)),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %", table_column=Column(min_width=5)),
            TimeElapsedColumn(table_column=Column(min_width=7)),
            TextColumn("left", table_column=Column(min_width=4)),
            TimeRemainingColumn(table_column=Column(min_width=7)),
            console=self._console,
            expand=True,
        )
        self._all = self._bars.add_task("all", total=float(seeds))
        self._phase = self._bars.add_task("", total=None, visible=False)

    def __enter__(self) -> Progress:
        """Takes over the terminal, if there is one."""
        if self._console.is_terminal and not self._console.quiet:
            self._live = Live(self._view(), console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the terminal back."""
        if self._live:
            self._live.stop()

    def observe(self, event: Event, record: Record) -> None:
        """Shows what happened."""
        self._share = self._shares[record.run_id]
        self._share.observe(event)
        match event:
            case RunStarted():
                self._show(record)
            case TaskStarted():
                self._label(record)
            case TaskResumed():
                self._resume(event, record)
            case PhaseStarted():
                description = event.phase
                self._bars.reset(self._phase, total=event.epochs, description=description, visible=True)
            case EpochEnded():
                self._epoch(event)
            case Warned():
                self._console.print(f"Warning: {record.warnings[-1]}", style="yellow", markup=False, highlight=False)
            case TaskEnded():
                self._task(event, record)

    def finish(self, record: Record) -> None:
        """Counts a run that has ended, whether it was carried out now or before."""
        self._finished += 1
        self._shares.pop(record.run_id, None)
        self._advance()

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        """Says what is waited for still."""
        if self._live:
            waiting = Bars(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            waiting.add_task("waiting until sinks have written everything; Ctrl-C skips that", total=None)
            self._live.update(waiting)

    def _label(self, record: Record) -> None:
        run = f"seed {record.seed} ({self._finished + 1} of {self._seeds}) · " if self._seeds > 1 else ""
        if len(self._shares) > 1:
            run = f"{len(self._shares)} of {self._seeds} seeds together · "
        self._bars.update(self._all, description=f"{run}task {self._share.task} of {self._share.tasks}")

    def _resume(self, event: TaskResumed, record: Record) -> None:
        self._label(record)
        description = f"{event.phase} · epoch {event.epoch}"
        self._bars.reset(self._phase, total=event.epochs, completed=event.epoch, description=description, visible=True)
        self._advance()

    def _epoch(self, event: EpochEnded) -> None:
        loss = "" if event.loss is None else f" · loss {event.loss:.3f}"
        description = f"{event.phase} · epoch {event.epoch}{loss}"
        self._bars.update(self._phase, completed=event.epoch, description=description)
        self._advance()

    def _task(self, event: TaskEnded, record: Record) -> None:
        self._advance()
        if self._live:
            self._show(record)
        else:
            self._console.print(self._line(event, record), markup=False, highlight=False, soft_wrap=True)

    def _advance(self) -> None:
        under_way = sum(share.value for share in self._shares.values())
        self._bars.update(self._all, completed=min(self._finished + under_way, self._seeds))

    def _show(self, record: Record) -> None:
        if self._live:
            self._live.update(Group(AccuracyMatrix(record.accuracy, record.classes), self._view()))

    def _view(self) -> Constrain:
        """The bars, with room for the ^C of an interrupt: on a full line it would move all above by one."""
        return Constrain(self._bars, self._console.width - 4)

    def _line(self, event: TaskEnded, record: Record) -> str:
        learned = event.accuracy[: event.task + 1]
        return (
            f"seed {record.seed}, task {event.task + 1} of {self._share.tasks}: "
            f"accuracy {' '.join(f'{value:.3f}' for value in learned)}, "
            f"mean {sum(learned) / len(learned):.3f}, {event.seconds:.1f} s"
        )
