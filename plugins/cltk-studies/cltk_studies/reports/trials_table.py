"""The table of a search's trials."""

from __future__ import annotations

from typing import Any

from cltk_figures.tables import Table
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.answers.trials import best_trials, goals, is_baseline
from cltk_studies.reports.formats import format_mean
from cltk_studies.reports.metric_table import arrow

__all__ = ["asked_table", "trials_table"]

_LISTED = 12
_REPLAYED = "samples-replayed"


def trials_table(result: StudyResult) -> Table:
    """The best trials and the baselines, the best first; with two goals, those that no other one beats in both."""
    metrics, shown = result.measures.objectives, _listed(result)
    columns: dict[str, list[Any]] = {"trial": [cell.name for cell in shown]}
    for name in metrics:
        columns[arrow(result, name)] = [_value(cell, name) for cell in shown]
    if any("counts" in cell.cell.settings for cell in shown):
        if _REPLAYED not in metrics:
            columns["samples replayed"] = [sum(cell.finished[0].replay.counts) for cell in shown]
        columns["counts"] = [" ".join(f"{count:,}" for count in cell.finished[0].replay.counts) for cell in shown]
    if any(settings := [_settings(cell) for cell in shown]):
        columns["settings"] = settings
    rows = tuple(zip(*columns.values(), strict=True))
    return Table("Trials", tuple(columns), rows, _note(result))


def asked_table(result: StudyResult) -> Table:
    """The metrics that were asked for, of the trials in the other table; without rows where none was."""
    names = result.measures.asked
    rows = tuple((cell.name, *(_value(cell, name) for name in names)) for cell in _listed(result) if names)
    return Table("Metrics of these trials", ("trial", *(arrow(result, name) for name in names)), rows)


def _listed(result: StudyResult) -> list[CellResult]:
    best = best_trials(result, _LISTED)
    return [cell for cell in result.ranked if cell.finished and (cell.name in best or is_baseline(cell))]


def _note(result: StudyResult) -> str:
    finished = sum(bool(cell.finished) for cell in result.cells)
    seeds = len(result.study.seeds)
    each = f"{seeds} seeds" if seeds > 1 else "one seed"
    listed = "those that no other one beats" if len(goals(result)) > 1 else f"the best {_LISTED}"
    return (
        f"{finished} configurations over {each} each, on validation data: means with 95 % intervals. "
        f"Listed are {listed} and the baselines."
    )


def _value(cell: CellResult, metric: str) -> str:
    return format_mean(cell.metrics.get(metric)) or cell.values.without_value.get(metric, "")


def _settings(cell: CellResult) -> str:
    """What a trial sets beside its counts, whose parameters say the same in another way."""
    settings = cell.cell.settings
    said = ("share.", "schedule.") if "counts" in settings else ()
    others = {name: value for name, value in settings.items() if name != "counts" and not name.startswith(said)}
    return ", ".join(f"{name.rpartition('.')[2]}={_text(value)}" for name, value in others.items())


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
