"""The tables of a study, for the terminal, Markdown and HTML alike."""

from __future__ import annotations

from collections.abc import Iterator

from cltk.sinks.tables import Table
from cltk.studies.plan import Plan
from cltk.studies.results import COSTS, CellResult, StudyResult
from cltk.studies.statistics import Difference, Estimate

__all__ = ["clock", "cost_table", "failure_table", "metric_table", "plan_table", "tables_of"]


def tables_of(result: StudyResult) -> list[Table]:
    """All tables of a result; those without rows are left out."""
    tables = [metric_table(result), cost_table(result), failure_table(result)]
    return [table for table in tables if table.rows]


def plan_table(plan: Plan) -> Table:
    """What is to be run, and what it is going to cost."""
    rows = tuple(
        (
            planned.cell.name,
            planned.cell.config_hash,
            len(planned.done),
            len(planned.open),
            planned.replayed,
            clock(planned.seconds),
            clock(planned.seconds * len(planned.open)),
        )
        for planned in plan.cells
    )
    columns = ("cell", "configuration", "done", "to run", "samples replayed", "a run", "all runs")
    many = "worker" if plan.workers == 1 else "workers"
    note = f"{plan.runs} runs to do, about {clock(plan.seconds)} with {plan.workers} {many}."
    return Table("Plan", columns, rows, note)


def metric_table(result: StudyResult) -> Table:
    """Each metric of each cell, and its difference from the baseline."""
    rows = tuple(row for metric in result.metrics for row in _metric_rows(result, metric))
    columns = ("metric", "cell", "seeds", "mean ± 95 %", f"difference from {result.study.baseline}", "p (Holm)")
    seeds = len(result.study.seeds)
    note = f"Differences: paired t test over {seeds} seeds, adjusted for the number of cells." if seeds > 1 else ""
    return Table("Metrics", columns, rows, note)


def _metric_rows(result: StudyResult, metric: str) -> Iterator[tuple[str | int, ...]]:
    title = metric
    for cell in (cell for cell in result.cells if metric in cell.metrics):
        of, compared = cell.metrics[metric], cell.differences.get(metric)
        versus = "baseline" if cell.cell.name == result.study.baseline else interval(compared, signed=True)
        yield title, cell.cell.name, of.n, interval(of), versus, _p(compared)
        title = ""


def cost_table(result: StudyResult) -> Table:
    """What a run of each cell costs."""
    rows = tuple((cell.cell.name, *_costs(cell)) for cell in result.cells if cell.costs)
    return Table("Cost of a run", ("cell", *COSTS), rows, "Samples replayed: in one epoch of each task, all tasks.")


def failure_table(result: StudyResult) -> Table:
    """What went wrong."""
    rows = tuple((cell, seed, error.partition("\n")[0]) for (cell, seed), error in sorted(result.failures().items()))
    return Table("Failed runs", ("cell", "seed", "error"), rows)


def interval(of: Estimate | Difference | None, *, signed: bool = False) -> str:
    """A mean with its interval, such as ``0.9123 ± 0.0045``."""
    if of is None:
        return ""
    mean = f"{of.mean:+.4f}" if signed else f"{of.mean:.4f}"
    return mean if of.ci95 is None else f"{mean} ± {of.ci95:.4f}"


def clock(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _costs(cell: CellResult) -> list[str | int]:
    seconds, *others = (cell.costs[name] for name in COSTS)
    return [interval_of_seconds(seconds), *(round(of.mean) for of in others)]


def interval_of_seconds(of: Estimate) -> str:
    """Seconds with one decimal, and their interval."""
    return f"{of.mean:.1f}" if of.ci95 is None else f"{of.mean:.1f} ± {of.ci95:.1f}"


def _p(of: Difference | None) -> str:
    if of is None or of.p_holm is None:
        return ""
    return "< 0.0001" if of.p_holm < 0.0001 else f"{of.p_holm:.4f}"
