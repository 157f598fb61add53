"""The trials of a search as a table and as figures."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cltk.sinks.style import COLOURS, MUTED, grid_of, panel
from cltk.sinks.tables import Table
from cltk.studies.allocation import BASELINES
from cltk.studies.records import accuracy_of
from cltk.studies.results import CellResult, StudyResult
from cltk.studies.statistics import estimate
from cltk.studies.wording import interval

__all__ = ["front", "front_figure", "history", "importance", "trials_table"]

_SHOWN = 12


def trials_table(result: StudyResult) -> Table:
    """The best trials and the baselines, by validation accuracy; without a budget, those that no other one beats."""
    cells = [cell for cell in result.cells if cell.finished]
    ranked = sorted(cells, key=lambda cell: -_accuracy(cell))
    best = ranked[:_SHOWN] if result.study.kind == "budget" else front(cells)
    shown = [cell for cell in ranked if cell in best or _is_baseline(cell)]
    rows = tuple(
        (cell.cell.name, interval(estimate([accuracy_of(r) for r in cell.finished])), _replayed(cell), _counts(cell))
        for cell in shown
    )
    note = f"{len(cells)} configurations over {len(result.study.seeds)} seeds each, on validation data. Listed are "
    note += f"the best {_SHOWN}" if result.study.kind == "budget" else "those that no other one beats"
    note += " and the baselines."
    return Table("Trials", ("trial", "validation accuracy ± 95 %", "samples replayed", "counts"), rows, note)


def front(cells: Sequence[CellResult]) -> list[CellResult]:
    """Those that no other one beats in accuracy without replaying more, the cheapest first."""
    best: list[CellResult] = []
    for cell in sorted(cells, key=lambda cell: (_replayed(cell), -_accuracy(cell))):
        if not best or _accuracy(cell) > _accuracy(best[-1]):
            best.append(cell)
    return best


def importance(study: Any) -> Figure | None:
    """How much each parameter of an Optuna study matters for accuracy; None where too few trials can tell."""
    importances = _importances(study)
    return _importance(importances) if importances else None


def history(cells: Sequence[CellResult]) -> Figure:
    """The accuracy of each trial in order, and the best so far."""
    figure, (axes,) = grid_of(1, 1, 6.0, 3.9)
    panel(axes, "Validation accuracy of each trial, and the best so far", "Trial", "Mean accuracy")
    values = [_accuracy(cell) for cell in cells]
    numbers = range(1, len(cells) + 1)
    axes.plot(numbers, values, "o", color=COLOURS[0], markersize=4)
    axes.step(numbers, np.maximum.accumulate(values), where="post", color=COLOURS[1], linewidth=1.3)
    _name_baselines(axes, [(number, _accuracy(cell), cell) for number, cell in zip(numbers, cells, strict=True)])
    return figure


def front_figure(cells: Sequence[CellResult]) -> Figure:
    """Accuracy against samples replayed, with the trials that no other one beats."""
    figure, (axes,) = grid_of(1, 1, 6.0, 3.9)
    panel(axes, "Accuracy against samples replayed; the line: not beaten", "Samples replayed", "Mean accuracy")
    axes.plot([_replayed(cell) for cell in cells], list(map(_accuracy, cells)), "o", color=MUTED, markersize=4)
    best = front(cells)
    axes.plot([_replayed(cell) for cell in best], list(map(_accuracy, best)), "o-", color=COLOURS[0], markersize=5)
    _name_baselines(axes, [(_replayed(cell), _accuracy(cell), cell) for cell in cells])
    return figure


def _name_baselines(axes: Any, points: Sequence[tuple[float, float, CellResult]]) -> None:
    for x, y, cell in points:
        if _is_baseline(cell):
            axes.annotate(cell.cell.name, (x, y), xytext=(4, 4), textcoords="offset points", fontsize=8)


def _importance(importances: dict[str, float]) -> Figure:
    figure, (axes,) = grid_of(1, 1, 5.6, 0.9 + 0.3 * len(importances), left=1.9)
    panel(axes, "How much each parameter matters for accuracy", "Share")
    names = list(reversed(importances))
    axes.barh(names, [importances[name] for name in names], color=COLOURS[0])
    return figure


def _importances(study: Any) -> dict[str, float]:
    """By PED-ANOVA; empty where there are too few trials for it."""
    import optuna

    several = len(study.directions) > 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It wants to be told what is low; it is.
            found: dict[str, float] = optuna.importance.get_param_importances(
                study, target=(lambda trial: -trial.values[0]) if several else None
            )
    except (ValueError, RuntimeError, ZeroDivisionError):
        return {}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _is_baseline(cell: CellResult) -> bool:
    return cell.cell.name in BASELINES


def _accuracy(cell: CellResult) -> float:
    return estimate([accuracy_of(record) for record in cell.finished]).mean


def _replayed(cell: CellResult) -> int:
    return sum(cell.finished[0].replay.counts)


def _counts(cell: CellResult) -> str:
    return " ".join(f"{count:,}" for count in cell.finished[0].replay.counts)
