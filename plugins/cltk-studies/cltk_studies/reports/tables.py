"""The tables of a study, for the terminal, Markdown and HTML alike."""

from __future__ import annotations

from cltk.runs.summary import Estimate
from cltk_figures.tables import Table
from cltk_studies.answers.results import COSTS, CellResult, StudyResult
from cltk_studies.questions.plan import Plan
from cltk_studies.reports.formats import format_duration
from cltk_studies.reports.headline_table import headline_table
from cltk_studies.reports.metric_table import metric_table
from cltk_studies.reports.trials_table import asked_table, trials_table
from cltk_studies.reports.verified_table import verified_table

__all__ = ["cost_table", "counts_table", "failure_table", "first_tables", "plan_table", "result_tables"]


def first_tables(result: StudyResult) -> list[Table]:
    """What fits a screen: the headline or the trials, published figures if there are any, and what failed."""
    main = headline_table(result) if result.study.kind == "ablation" else trials_table(result)
    verified = verified_table(result)
    shown = [verified] if any(source for *_, source in verified.rows) else []
    return [table for table in (main, *shown, failure_table(result)) if table.rows]


def result_tables(result: StudyResult) -> list[Table]:
    """All tables of a result; those without rows are left out."""
    is_search = result.study.kind != "ablation"
    main = [trials_table(result), asked_table(result)] if is_search else [headline_table(result), metric_table(result)]
    tables = [*main, cost_table(result), verified_table(result), failure_table(result)]
    return [table for table in tables if table.rows]


def plan_table(plan: Plan) -> Table:
    """What is to be run, and what it is going to cost."""
    rows = tuple(
        (
            planned.cell.name,
            len(planned.done),
            len(planned.open),
            "decided while it runs" if planned.replayed is None else planned.replayed,
            format_duration(planned.seconds),
            format_duration(planned.seconds * len(planned.open)),
        )
        for planned in plan.cells
    )
    columns = ("cell", "done", "to run", "samples replayed", "a run", "all runs")
    note = _to_do(plan)
    if plan.afterwards is not None:
        later = Plan([plan.afterwards], plan.workers)
        runs, duration = _count(later.runs, "run"), format_duration(later.seconds)
        note += f" Then a comparison on test data: up to {runs}, about {duration}."
    return Table("Plan", columns, rows, note)


def _to_do(plan: Plan) -> str:
    if not plan.runs:
        return "Nothing to do: all runs are finished."
    runs, workers = _count(plan.runs, "run"), _count(plan.workers, "worker")
    return f"{runs} to do, about {format_duration(plan.seconds)} with {workers}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def cost_table(result: StudyResult) -> Table:
    """What a run of each cell costs, best cell first."""
    rows = tuple((cell.name, *_costs(cell)) for cell in result.ranked if cell.costs)
    return Table("Cost of a run", ("cell", *COSTS), rows, "Samples replayed: in one epoch of each task, all tasks.")


def counts_table(result: StudyResult) -> Table:
    """What each cell replays at each task."""
    rows = tuple(
        (cell.name, " ".join(f"{count:,}" for count in counts), sum(counts))
        for cell in result.cells
        if cell.finished
        for counts in [cell.finished[0].replay.counts]
    )
    return Table("Samples replayed at each task", ("cell", "counts", "in all"), rows)


def failure_table(result: StudyResult) -> Table:
    """What went wrong."""
    rows = tuple((cell, seed, error.partition("\n")[0]) for (cell, seed), error in sorted(result.failures().items()))
    return Table("Failed runs", ("cell", "seed", "error"), rows)


def _costs(cell: CellResult) -> list[str | int]:
    seconds, *others = (cell.costs[name] for name in COSTS)
    return [_format_seconds(seconds), *(round(value.mean) for value in others)]


def _format_seconds(value: Estimate) -> str:
    return f"{value.mean:.1f}" if value.ci95 is None else f"{value.mean:.1f} ± {value.ci95:.1f}"
