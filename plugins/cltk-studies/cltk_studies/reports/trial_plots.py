"""The figures of a search: its trials, the front, and what mattered."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cltk_figures.style import COLOURS, MUTED, grid_of, panel
from cltk_studies.answers.results import CellResult
from cltk_studies.answers.trials import accuracy, front, is_baseline, replayed

__all__ = ["front_figure", "history", "importance"]


def importance(study: Any) -> Figure | None:
    """How much each parameter of an Optuna study matters for accuracy; None where too few trials can tell."""
    importances = _importances(study)
    return _importance(importances) if importances else None


def history(cells: Sequence[CellResult]) -> Figure:
    """The accuracy of each trial in order, and the best so far."""
    figure, (axes,) = grid_of(1, 1, 6.0, 3.9)
    panel(axes, "Validation accuracy of each trial, and the best so far", "Trial", "Mean accuracy")
    values = [accuracy(cell) for cell in cells]
    numbers = range(1, len(cells) + 1)
    axes.plot(numbers, values, "o", color=COLOURS[0], markersize=4)
    axes.step(numbers, np.maximum.accumulate(values), where="post", color=COLOURS[1], linewidth=1.3)
    _name_baselines(axes, [(number, accuracy(cell), cell) for number, cell in zip(numbers, cells, strict=True)])
    return figure


def front_figure(cells: Sequence[CellResult]) -> Figure:
    """Accuracy against samples replayed, with the trials that no other one beats."""
    figure, (axes,) = grid_of(1, 1, 6.0, 3.9)
    panel(axes, "Accuracy against samples replayed; the line: not beaten", "Samples replayed", "Mean accuracy")
    axes.plot([replayed(cell) for cell in cells], list(map(accuracy, cells)), "o", color=MUTED, markersize=4)
    best = front(cells)
    axes.plot([replayed(cell) for cell in best], list(map(accuracy, best)), "o-", color=COLOURS[0], markersize=5)
    _name_baselines(axes, [(replayed(cell), accuracy(cell), cell) for cell in cells])
    return figure


def _name_baselines(axes: Any, points: Sequence[tuple[float, float, CellResult]]) -> None:
    for x, y, cell in points:
        if is_baseline(cell):
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
