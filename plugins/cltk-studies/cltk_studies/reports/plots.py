"""Figures of a study: accuracy against cost, over tasks, and as matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from cltk.record import Record
from cltk_figures import run_figures as figures
from cltk_figures.style import COLOURS, grid_of, panel, percent, tasks_axis
from cltk_studies.answers.records import accuracy_of
from cltk_studies.answers.results import COSTS, CellResult, StudyResult
from cltk_studies.answers.statistics import estimate
from cltk_studies.reports.trial_plots import front_figure, history

__all__ = ["Drawing", "accuracy_against_cost", "accuracy_over_tasks", "drawings"]

Drawing = tuple[str, Callable[[], Figure]]
"""The name of a figure, and what draws it."""


def drawings(result: StudyResult) -> Iterator[Drawing]:
    """The name of each figure that there is data for, and what draws it."""
    cells = [cell for cell in result.cells if cell.finished]
    if not cells:
        return
    if result.study.kind != "ablation":
        yield (
            ("history", lambda: history(cells))
            if result.study.kind == "budget"
            else ("front", lambda: front_figure(cells))
        )
        return
    yield "accuracy_against_cost", lambda: accuracy_against_cost(cells)
    yield "accuracy_over_tasks", lambda: accuracy_over_tasks(cells)
    for number, cell in enumerate(cells, start=1):
        yield f"accuracy_matrix_{number:02}", partial(_matrix, cell)


def accuracy_against_cost(cells: Sequence[CellResult]) -> Figure:
    """The final average accuracy of each cell against what a run costs, with 95 % intervals."""
    figure, panels = grid_of(len(COSTS), len(COSTS), 3.4, 3.4 + 0.22 * len(cells), bottom=0.5 + 0.22 * len(cells))
    for axes, cost in zip(panels, COSTS, strict=True):
        panel(axes, "", cost, "Final average accuracy")
        for number, cell in enumerate(cells):
            accuracy = estimate([accuracy_of(record) for record in cell.finished])
            x, y, half = cell.costs[cost].mean, accuracy.mean, accuracy.ci95 or 0.0
            axes.errorbar(x, y, half, fmt="o", label=cell.cell.name, color=_colour(number), capsize=3, markersize=5)
        axes.margins(0.15)
    panels[0].set_title("Accuracy against the cost of a run, with 95 % intervals", fontsize=10, loc="left")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", fontsize=8, frameon=False, bbox_to_anchor=(0.02, 0.0))
    return figure


def accuracy_over_tasks(cells: Sequence[CellResult]) -> Figure:
    """Mean accuracy over the tasks learned so far, with 95 % intervals."""
    figure, (axes,) = grid_of(1, 1, 5.6, 3.9 + 0.22 * len(cells), bottom=0.5 + 0.22 * len(cells))
    panel(axes, "Accuracy on the tasks learned so far, with 95 % intervals", "Number of tasks learned", "Accuracy")
    for number, cell in enumerate(cells):
        of = [estimate(values) for values in zip(*map(_seen_so_far, cell.finished), strict=True)]
        learned = np.arange(1, len(of) + 1)
        mean = np.array([value.mean for value in of])
        half = np.array([value.ci95 or 0.0 for value in of])
        axes.plot(learned, mean, "o-", color=_colour(number), markersize=4, label=cell.cell.name)
        axes.fill_between(learned, mean - half, mean + half, color=_colour(number), alpha=0.15, linewidth=0)
    percent(axes)
    tasks_axis(axes)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower left", fontsize=8, frameon=False, bbox_to_anchor=(0.02, 0.0))
    return figure


def _matrix(cell: CellResult) -> Figure:
    matrices = np.array([record.accuracy for record in cell.finished])
    spread = matrices.std(axis=0, ddof=1).tolist() if len(matrices) > 1 else None
    return figures.accuracy_matrix(matrices.mean(axis=0), cell.finished[0].classes, spread, f"{cell.cell.name}, %")


def _seen_so_far(record: Record) -> list[float]:
    return [sum(row[:learned]) / learned for learned, row in enumerate(record.accuracy) if learned]


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
