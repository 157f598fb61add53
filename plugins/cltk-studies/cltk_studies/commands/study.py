"""A study on the command line: its plan, its progress and its result."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid
from rich.text import Text

from cltk.build import Prepared
from cltk.cli.console import print_json, show_notice
from cltk.record import Record
from cltk_figures.tables import Table
from cltk_studies.answers.results import StudyResult
from cltk_studies.questions.plan import Plan
from cltk_studies.questions.search import Search
from cltk_studies.reports.formats import format_duration
from cltk_studies.reports.tables import counts_table, plan_table, result_tables
from cltk_studies.reports.trials_table import trials_table
from cltk_studies.work.queue import State
from cltk_studies.work.session import Ending, Helped
from cltk_studies.work.tuning import Tuned

__all__ = [
    "StudyProgress",
    "begin",
    "conclude",
    "conclude_tuning",
    "conclude_work",
    "print_plan",
    "print_table",
    "print_tables",
]


class StudyProgress:
    """Shows what ends, and how long the rest is going to take. On standard error.

    Args:
        plan: What was to be done; None where others decide on that.
        quiet: Whether to show nothing at all.
    """

    def __init__(self, plan: Plan | None, quiet: bool = False) -> None:
        self._console = Console(stderr=True, quiet=quiet)
        self._runs = plan.runs if plan else 0
        self._seconds = {planned.cell.name: planned.seconds for planned in plan.cells} if plan else {}
        self._work = sum(planned.seconds * len(planned.open) for planned in plan.cells) if plan else 0.0
        self._spent = 0.0
        self._ended = 0
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total}"),
            TimeElapsedColumn(), TextColumn("{task.fields[left]}"), console=self._console, transient=True,
        )  # fmt: skip
        self._bar = self._bars.add_task(
            "runs", total=self._runs or None, left=f"about {format_duration(plan.seconds)} left" if plan else ""
        )
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
        self._spent += self._seconds.get(state.name, 0.0)
        self._runs = max(self._runs, sum(counts.values())) if not self._seconds else self._runs
        left = f"about {format_duration(self._left())} left"
        self._bars.update(self._bar, completed=self._ended, total=self._runs, left=left)
        line = f"{self._ended} of {self._runs} · {_what(state, records)} · {left}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _left(self) -> float:
        """By the time that was taken so far for the share of the work that is done; by count where none is known."""
        elapsed = time.monotonic() - self._started
        share = self._spent / self._work if self._spent else self._ended / max(1, self._runs)
        return max(0.0, elapsed * (1 - share) / share) if share else 0.0


def print_plan(head: Mapping[str, Any], plan: Plan, *, json: bool) -> None:
    """Prints what would be done, and what it would cost, on standard output."""
    if json:
        print_json({**head, **plan.to_dict()})
    else:
        print_table(plan_table(plan))


def begin(plan: Plan, prepared_cells: Iterable[Prepared], *, quiet: bool) -> StudyProgress:
    """Says what is going to be done, and what it costs, on standard error."""
    for notice in {notice: None for prepared in prepared_cells for notice in prepared.notices}:
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
        for table in result_tables(result):
            print_table(table)
    _show_failures({f"{cell}, seed {seed}": error for (cell, seed), error in result.failures().items()})
    if ending.interrupted:
        show_notice(
            f"Interrupted with {result.finished} of {result.total} runs done; the same command goes on from here."
        )
    for notice in ending.notices:
        show_notice(notice)
    raise typer.Exit(ending.exit_status)


def conclude_tuning(search: Search, tuned: Tuned, ending: Ending | None, *, json: bool) -> NoReturn:
    """Prints what a search found, and how that did on test data, and ends the command."""
    choice, result = tuned.choice, tuned.result
    test = ending.result if ending else None
    if json:
        found = None if choice is None else {
            "trial": choice.label, "counts": list(choice.counts), "validation_accuracy": choice.accuracy,
            "file": str(choice.file),
        }  # fmt: skip
        print_json({
            "schema": "cltk.tuning-result/1", "name": search.name, "budget": search.budget,
            "seeds": list(search.seeds), "test_seeds": list(search.test_seeds), "chosen": found,
            "trials": result.to_dict()["cells"] if result else [], "test": test.to_dict() if test else None,
        })  # fmt: skip
    else:
        for table in [*([trials_table(result)] if result else []), *([counts_table(test)] if test else [])]:
            print_table(table)
        for table in result_tables(test) if test else []:
            print_table(table)
    _show_failures(tuned.errors)
    if choice is not None:
        show_notice(f"The choice is in '{choice.file}': cltk run {choice.file}. Figures are beside it.")
    if tuned.interrupted or (ending and ending.interrupted):
        show_notice("Interrupted; the same command goes on from here.")
    for notice in [*tuned.notices, *(ending.notices if ending else [])]:
        show_notice(notice)
    interrupted = tuned.interrupted or (ending is not None and ending.interrupted)
    failed = ending is None or ending.exit_status or bool(tuned.errors)
    raise typer.Exit(130 if interrupted else int(failed))


def conclude_work(helped: Helped) -> NoReturn:
    """Says on standard error what went wrong while working on somebody else's study, and ends the command."""
    _show_failures(helped.errors)
    for notice in helped.notices:
        show_notice(notice)
    raise typer.Exit(helped.exit_status)


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


def _show_failures(errors: Mapping[str, str]) -> None:
    for name, error in errors.items():
        Console(stderr=True).print(Text(f"{name} failed: {error}", style="red"))


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


def _what(state: State, records: Sequence[Record]) -> str:
    seed = state.trial.user_attrs.get("seed")
    name = state.name if seed is None else f"{state.name}, seed {seed}"
    if state.error:
        return f"{name} failed: {state.error.splitlines()[0]}"
    if not records:
        return f"{name} finished elsewhere"
    accuracy = sum(record.final_accuracy for record in records) / len(records)
    seconds = sum(record.seconds.get("total", 0.0) for record in records)
    return f"{name}: accuracy {accuracy:.3f}, {format_duration(seconds)}"
