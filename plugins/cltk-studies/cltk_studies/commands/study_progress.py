"""A study on the command line while it goes on: its plan, and what ends."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.constrain import Constrain
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cltk.cli.console import print_json, show_notice
from cltk.record import Record
from cltk_studies.commands.live_cells import LiveCells
from cltk_studies.commands.tables import print_table
from cltk_studies.questions.plan import Plan
from cltk_studies.reports.formats import format_duration
from cltk_studies.reports.tables import plan_table
from cltk_studies.work.state import State

__all__ = ["StudyProgress", "print_plan"]

_TRUSTED = 0.1
"""The share of a plan that its estimate stands for, until runs have said more."""


class _Planned(Protocol):
    """A study that can be planned."""

    @property
    def head(self) -> Mapping[str, object]: ...

    def plan(self) -> Plan: ...

    def describe_workers(self) -> str | None: ...


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
        self._set_plan(None)

    def _set_plan(self, plan: Plan | None) -> None:
        self._runs: int = plan.runs if plan else 0
        self._seconds: dict[str, float] = {planned.cell.name: planned.seconds for planned in plan.cells} if plan else {}
        self._work: float = sum(planned.seconds * len(planned.open) for planned in plan.cells) if plan else 0.0
        self._expected: float = plan.seconds if plan else 0.0
        self._spent: float = 0.0
        self._ended: int = 0
        self._joined: int = 0
        self._cells = LiveCells(plan)
        self._bars: Progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total}"),
            TimeElapsedColumn(), TextColumn("{task.fields[left]}"), console=self._console,
        )  # fmt: skip
        left = f"about {format_duration(plan.seconds)} left" if plan else ""
        self._bar: TaskID = self._bars.add_task("runs", total=self._runs or None, left=left)

    def begin(self, plan: Plan, notices: Sequence[str]) -> None:
        """Shows the plan of the first study; what follows on it was announced there."""
        for notice in notices:
            show_notice(notice)
        if not self._quiet and not self._is_begun:
            print_table(plan_table(plan), stderr=True)
        self._is_begun = True
        self._set_plan(plan)

    def join(self, counts: Mapping[str, int]) -> None:
        """Shows how far a study is that somebody else began."""
        self._runs, self._ended = sum(counts.values()), counts.get("finished", 0) + counts.get("failed", 0)
        self._joined = self._ended
        self._bars.update(self._bar, completed=self._ended, total=self._runs)

    def __enter__(self) -> StudyProgress:
        """Takes over the terminal, if there is one."""
        self._started = time.monotonic()
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
        self._ended += 1
        self._spent += self._seconds.get(state.name, 0.0)
        self._runs = max(self._runs, sum(counts.values())) if not self._seconds else self._runs
        left = f"about {format_duration(self._left())} left" if self._ended < self._runs else "all done"
        self._bars.update(self._bar, completed=self._ended, total=self._runs, left=left)
        failed = state.error is not None
        self._cells.add(state.name, records, failed)
        if self._live and not failed:
            return
        line = f"{self._ended} of {self._runs} · {_describe(state, records)} · {left}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _left(self) -> float:
        """What was planned for the rest, times how much longer than planned it took so far.

        The first runs, whose time says little, count beside a tenth of the plan that is taken at its word.
        """
        elapsed = time.monotonic() - self._started
        if not self._expected:
            return elapsed * (self._runs - self._ended) / (self._ended - self._joined)
        share = self._spent / self._work if self._spent else self._ended / max(1, self._runs)
        trusted = self._expected * _TRUSTED
        pace = (elapsed + trusted) / (self._expected * share + trusted)
        return max(0.0, self._expected * (1 - share) * pace)


def print_plan(study: _Planned, *, json: bool) -> None:
    """Prints what would be done, what it would cost, and what would be launched, on standard output."""
    plan, launched = study.plan(), study.describe_workers()
    if json:
        print_json({**study.head, **plan.to_dict(), **({"launched": launched} if launched else {})})
        return
    print_table(plan_table(plan))
    if launched:
        print(launched)
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
