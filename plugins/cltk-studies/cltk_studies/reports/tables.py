"""The tables of a study, for the terminal, Markdown and HTML alike."""

from __future__ import annotations

from collections.abc import Iterator

from cltk_figures.tables import Table
from cltk_studies.answers.results import COSTS, CellResult, StudyResult
from cltk_studies.answers.statistics import Estimate
from cltk_studies.answers.trials import trials_table
from cltk_studies.questions.plan import Plan
from cltk_studies.reports.wording import clock, interval, probability

__all__ = ["cost_table", "counts_table", "failure_table", "metric_table", "plan_table", "tables_of"]


def tables_of(result: StudyResult) -> list[Table]:
    """All tables of a result; those without rows are left out."""
    main = [metric_table(result)] if result.study.kind == "ablation" else [trials_table(result)]
    tables = [*main, cost_table(result), failure_table(result)]
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
    if plan.afterwards is not None:
        later = Plan([plan.afterwards], plan.workers)
        note += f" Then a comparison on test data: up to {later.runs} runs, about {clock(later.seconds)}."
    return Table("Plan", columns, rows, note)


def metric_table(result: StudyResult) -> Table:
    """Each metric of each cell, and its difference from the baseline."""
    rows = tuple(row for metric in result.metrics for row in _metric_rows(result, metric))
    columns = ("metric", "cell", "seeds", "mean ± 95 %", "difference", "p (Holm)")
    study = result.study
    note = f"Differences are from '{study.baseline}', paired by seed"
    note += (
        f": t test over {len(study.seeds)} seeds, adjusted for the number of cells." if len(study.seeds) > 1 else "."
    )
    return Table("Metrics", columns, rows, note)


def _metric_rows(result: StudyResult, metric: str) -> Iterator[tuple[str | int, ...]]:
    """A row a cell; a single one where all cells are alike, as there are metrics that only some methods change."""
    title = metric
    cells = [cell for cell in result.cells if metric in cell.metrics]
    alike = {(cell.metrics[metric].n, interval(cell.metrics[metric])) for cell in cells}
    if len(cells) > 2 and len(alike) == 1:
        yield title, "all of them", *alike.pop(), "", ""
        return
    for cell in cells:
        of, compared = cell.metrics[metric], cell.differences.get(metric)
        versus = "baseline" if cell.cell.name == result.study.baseline else interval(compared, signed=True)
        yield title, cell.cell.name, of.n, interval(of), versus, probability(compared)
        title = ""


def cost_table(result: StudyResult) -> Table:
    """What a run of each cell costs."""
    rows = tuple((cell.cell.name, *_costs(cell)) for cell in result.cells if cell.costs)
    return Table("Cost of a run", ("cell", *COSTS), rows, "Samples replayed: in one epoch of each task, all tasks.")


def counts_table(result: StudyResult) -> Table:
    """What each cell replays at each task."""
    cells = [cell for cell in result.cells if cell.finished]
    rows = tuple(
        (cell.cell.name, " ".join(f"{count:,}" for count in counts), sum(counts))
        for cell in cells
        for counts in [cell.finished[0].replay.counts]
    )
    return Table("Samples replayed at each task", ("cell", "counts", "in all"), rows)


def failure_table(result: StudyResult) -> Table:
    """What went wrong."""
    rows = tuple((cell, seed, error.partition("\n")[0]) for (cell, seed), error in sorted(result.failures().items()))
    return Table("Failed runs", ("cell", "seed", "error"), rows)


def _costs(cell: CellResult) -> list[str | int]:
    seconds, *others = (cell.costs[name] for name in COSTS)
    return [_seconds(seconds), *(round(of.mean) for of in others)]


def _seconds(of: Estimate) -> str:
    return f"{of.mean:.1f}" if of.ci95 is None else f"{of.mean:.1f} ± {of.ci95:.1f}"
