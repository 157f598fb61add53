"""The table of a search's trials."""

from __future__ import annotations

from collections.abc import Sequence

from cltk_figures.tables import Table
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.answers.trials import best_trials, goals, is_baseline
from cltk_studies.reports.formats import format_mean
from cltk_studies.reports.metric_table import arrow

__all__ = ["trials_table"]

_LISTED = 12


def trials_table(result: StudyResult) -> Table:
    """The best trials and the baselines, the best first; with two goals, those that no other one beats in both."""
    names = [goal.name for goal in goals(result) if goal.name in result.measures.objectives]
    best = best_trials(result, _LISTED)
    finished = [cell for cell in result.ranked if cell.finished]
    shown = [cell for cell in finished if cell.name in best or is_baseline(cell)]
    rows = tuple(_row(cell, names) for cell in shown)
    columns = ("trial", *(f"{arrow(result, name)} ± 95 %" for name in names), "samples replayed", "counts")
    return Table("Trials", columns, rows, _note(result, len(finished), several=len(goals(result)) > 1))


def _note(result: StudyResult, finished: int, *, several: bool) -> str:
    seeds = len(result.study.seeds)
    each = f"{seeds} seeds" if seeds > 1 else "one seed"
    listed = "those that no other one beats" if several else f"the best {_LISTED}"
    return f"{finished} configurations over {each} each, on validation data. Listed are {listed} and the baselines."


def _row(cell: CellResult, metrics: Sequence[str]) -> tuple[str | int, ...]:
    means = (format_mean(cell.metrics.get(name)) for name in metrics)
    counts = cell.finished[0].replay.counts
    return cell.name, *means, sum(counts), " ".join(f"{count:,}" for count in counts)
