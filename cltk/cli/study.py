"""A study on the command line: its plan, its progress and its result."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from cltk.build import Bench
from cltk.cli.console import print_json, show_notice
from cltk.record import Record
from cltk.sinks.tables import Table
from cltk.studies.definition import Study
from cltk.studies.plan import Plan
from cltk.studies.queue import State
from cltk.studies.records import accuracy_of
from cltk.studies.session import Ending
from cltk.studies.tables import clock, plan_table, tables_of

__all__ = ["StudyProgress", "begin", "conclude", "print_plan", "print_table"]


class StudyProgress:
    """Shows what ends, and how long the rest is going to take. On standard error.

    Args:
        plan: What was to be done.
        quiet: Whether to show nothing at all.
    """

    def __init__(self, plan: Plan, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._plan = plan
        self._seconds = {planned.cell.name: planned.seconds for planned in plan.cells}
        self._spent = 0.0
        self._ended = 0
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total}"),
            TimeElapsedColumn(), TextColumn("{task.fields[left]}"), console=self._console, transient=True,
        )  # fmt: skip
        self._bar = self._bars.add_task("runs", total=plan.runs, left=f"about {clock(plan.seconds)} left")
        self._live = self._console.is_terminal and not quiet

    def __enter__(self) -> StudyProgress:
        """Takes over the terminal, if there is one."""
        self._started = time.monotonic()
        if self._live:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives the terminal back."""
        self._bars.stop()

    def __call__(self, state: State, records: Sequence[Record], counts: Mapping[str, int]) -> None:
        """Shows that an item ended."""
        self._ended += 1
        self._spent += self._seconds.get(state.trial.user_attrs.get("cell", ""), 0.0)
        left = f"about {clock(self._left())} left"
        self._bars.update(self._bar, completed=self._ended, left=left)
        line = f"{self._ended} of {self._plan.runs} · {_what(state, records)} · {left}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _left(self) -> float:
        """By the time that was taken so far for the share of the work that is done; by count where none is known."""
        elapsed = time.monotonic() - self._started
        total = sum(planned.seconds * len(planned.open) for planned in self._plan.cells)
        share = self._spent / total if total else self._ended / max(1, self._plan.runs)
        return max(0.0, elapsed * (1 - share) / share) if share else 0.0


def print_plan(study: Study, plan: Plan, *, json: bool) -> None:
    """Prints what would be done, and what it would cost, on standard output."""
    if json:
        print_json({"name": study.name, "seeds": list(study.seeds), "baseline": study.baseline, **plan.to_dict()})
    else:
        print_table(plan_table(plan))


def begin(plan: Plan, benches: Iterable[Bench], *, quiet: bool) -> StudyProgress:
    """Says what is going to be done, and what it costs, on standard error."""
    for notice in {notice: None for bench in benches for notice in bench.notices}:
        show_notice(notice)
    if not quiet:
        print_table(plan_table(plan), stderr=True)
    return StudyProgress(plan, quiet)


def conclude(ending: Ending, *, json: bool) -> NoReturn:
    """Prints the result on standard output and what went wrong on standard error, and ends the command."""
    result = ending.result
    if json:
        print_json(result.to_dict())
    else:
        for table in tables_of(result):
            print_table(table)
    for (cell, seed), error in result.failures().items():
        Console(stderr=True).print(Text(f"{cell}, seed {seed} failed: {error}", style="red"))
    if ending.interrupted:
        show_notice(
            f"Interrupted with {result.finished} of {result.total} runs done; the same command goes on from here."
        )
    for notice in ending.notices:
        show_notice(notice)
    raise typer.Exit(ending.exit_status)


def print_table(table: Table, *, stderr: bool = False) -> None:
    """Prints a table."""
    grid = Grid(
        title=table.title, title_justify="left", title_style="bold", show_edge=False, caption=table.note or None
    )
    grid.caption_justify, grid.caption_style = "left", "dim"
    for column in table.columns:
        grid.add_column(column)
    for row in table.rows:
        grid.add_row(*(f"{cell:,}" if isinstance(cell, int) else Text(str(cell)) for cell in row))
    console = Console(stderr=stderr)
    console.print(grid, "")


def _what(state: State, records: Sequence[Record]) -> str:
    attributes = state.trial.user_attrs
    name = f"{attributes['cell']}, seed {attributes['seed']}"
    if state.error:
        return f"{name} failed: {state.error.partition(chr(10))[0]}"
    if not records:
        return f"{name} finished elsewhere"
    return f"{name}: accuracy {accuracy_of(records[0]):.3f}, {clock(records[0].seconds.get('total', 0.0))}"
