"""The table that fits a screen: each cell's objective, whether it differs, what it forgets and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from cltk.interfaces import GroupMetric
from cltk_figures.tables import Table
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.reports.formats import format_bytes, format_mean, format_p
from cltk_studies.reports.metric_table import arrow, is_best, metric_notes

__all__ = ["headline_table"]


def headline_table(result: StudyResult) -> Table:
    """A row a cell, the best one first."""
    objective = result.objective
    if objective is None:
        return Table("Result", (), ())
    columns = ("cell", arrow(result, objective), "difference", "p (Holm)", "forgetting ↓", "seconds", "bytes")
    rows = tuple(tuple(_row(result, cell, objective)) for cell in result.ranked if cell.finished)
    finished, total = result.finished, result.total
    title = "Result" if finished == total else f"Result of {finished} of {total} runs"
    return Table(title, columns, rows, " ".join([*_missing_notes(result, objective), *metric_notes(result)]))


def _row(result: StudyResult, cell: CellResult, objective: str) -> Iterator[str]:
    difference, value = cell.differences.get(objective), cell.metrics.get(objective)
    yield cell.name
    yield "-" if value is None else format_mean(value) + (" *" if is_best(result, cell, objective) else "")
    yield "baseline" if cell.name == result.study.baseline else format_mean(difference, signed=True)
    yield format_p(difference)
    yield f"{fmean(record.forgetting for record in cell.finished):.4f}"
    yield f"{cell.costs['seconds'].mean:.1f}"
    yield format_bytes(cell.costs["bytes"].mean)


def _missing_notes(result: StudyResult, objective: str) -> Iterator[str]:
    """Why cells have no value of the objective, and how to get one where runs are missing that it compares with."""
    missing = {
        cell.values.without_value[objective]: cell for cell in result.cells if objective in cell.values.without_value
    }
    if not missing:
        return
    yield f"No value (-) of {objective}: {'; '.join(missing)}."
    measure = result.measures.find(objective)
    if isinstance(measure, GroupMetric) and any(map(measure.references, (c.cell.experiment for c in missing.values()))):
        yield (
            "Run what it compares with in this store: 'references = true' in [ablate] runs joint and finetune beside "
            "the cells."
        )
