"""A study on the command line while it goes on: its plan, and what ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.constrain import Constrain
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from cltk.cli.console import print_json, show_notice
from cltk.record import Record
from cltk_studies.commands.live_cells import LiveCells
from cltk_studies.commands.tables import print_table
from cltk_studies.commands.time_left import TimeLeft
from cltk_studies.questions.plan import Plan
from cltk_studies.reports.formats import format_duration
from cltk_studies.reports.tables import plan_table
from cltk_studies.work.positions import Position, Positions
from cltk_studies.work.state import State

__all__ = ["StudyProgress", "print_plan"]


class _Planned(Protocol):
    """A study that can be planned."""

    @property
    def head(self) -> Mapping[str, object]: ...

    def plan(self) -> Plan: ...


class StudyProgress:
    """Shows what is going to be done, what ends, and how long the rest is going to take. On standard error.

    Args:
        quiet: Whether to show nothing but notices.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet, markup=False, emoji=False)
        self._live = self._console.is_terminal and not quiet
        self._quiet = quiet
        self._view: Live | None = None
        self._is_begun = False
        self._set_plan(None, lambda: ())

    def _set_plan(self, plan: Plan | None, positions: Callable[[], Sequence[Position]]) -> None:
        self._positions = positions
        self._time = TimeLeft(plan)
        self._cells = LiveCells(plan, positions)
        self._bars: Progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total}"),
            TimeElapsedColumn(), _Text(self._describe_left), console=self._console,
        )  # fmt: skip
        self._bar: TaskID = self._bars.add_task("runs", total=self._time.runs or None)

    def begin(self, plan: Plan, notices: Sequence[str], positions: Positions) -> None:
        """Shows the plan of the first study; what follows on it was announced there."""
        for notice in notices:
            show_notice(notice)
        if not self._quiet and not self._is_begun:
            print_table(plan_table(plan), stderr=True)
        self._is_begun = True
        self._set_plan(plan, positions.read)

    def join(self, counts: Mapping[str, int], positions: Positions) -> None:
        """Shows how far a study is that somebody else began."""
        self._set_plan(None, positions.read)
        self._time.join(counts)
        self._bars.update(self._bar, completed=self._time.ended, total=self._time.runs)

    def __enter__(self) -> StudyProgress:
        """Takes over the terminal, if there is one."""
        self._time.start()
        if self._live:
            # Narrower than the terminal: an interrupt's ^C on a full line would move all above by one.
            view = Group(self._cells, Constrain(self._bars, self._console.width - 4))
            self._view = Live(view, console=self._console, transient=True, refresh_per_second=4)
            self._view.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the terminal back."""
        if self._view:
            self._view.stop()

    def show(self, state: State, records: Sequence[Record], counts: Mapping[str, int]) -> None:
        """Shows that an item ended."""
        self._time.end(state.name, counts)
        ended, runs = self._time.ended, self._time.runs
        self._bars.update(self._bar, completed=ended, total=runs)
        failed = state.error is not None
        self._cells.add(state.name, records, failed)
        if self._live and not failed:
            return
        left = self._describe_left()
        line = f"{ended} of {runs} · {_describe(state, records)}{left and ' · '}{left}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _describe_left(self) -> str:
        return self._time.describe(self._positions())


class _Text(ProgressColumn):
    """A column of a bar whose text is asked for whenever it is drawn."""

    def __init__(self, describe: Callable[[], str]) -> None:
        super().__init__()
        self._describe = describe

    def render(self, task: Task) -> Text:
        """The text as it is now."""
        return Text(self._describe())


def print_plan(study: _Planned, *, json: bool) -> None:
    """Prints what would be done, what it would cost, and what would be launched, on standard output."""
    plan = study.plan()
    if json:
        print_json({**study.head, **plan.to_dict()})
        return
    print_table(plan_table(plan))
    if plan.launched:
        print(plan.launched)
    for notice in plan.notices:
        show_notice(notice)


def _describe(state: State, records: Sequence[Record]) -> str:
    name = state.full_name
    if state.error:
        return f"{name} failed: {state.error.splitlines()[0]}"
    if not records:
        return f"{name} finished elsewhere"
    accuracy = sum(record.final_accuracy for record in records) / len(records)
    seconds = sum(record.seconds.get("total", 0.0) for record in records)
    return f"{name}: accuracy {accuracy:.3f}, {format_duration(seconds)}"
