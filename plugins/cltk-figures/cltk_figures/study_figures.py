"""Figures that compare the cells of a study."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter
from matplotlib.transforms import offset_copy

from cltk.runs.summary import Estimate
from cltk_figures.style import COLOURS, grid_of, panel, percent, whole_numbers

__all__ = ["accuracy_over_tasks", "metric_against_costs"]

_LINE = 0.17
"""Height of a line of the legend, in inches."""
_MARKERS = "osD^vPX"
_BESIDE = 6.0
"""Points between a mean and the values of its seeds, which the bar of the interval would hide."""
_LONG = 10_000
_BEYOND = 0.02
"""Room for a marker at the greatest value that there can be, or the least."""


def metric_against_costs(
    metric: str,
    values: Mapping[str, Estimate],
    costs: Mapping[str, Mapping[str, float]],
    by_seed: Mapping[str, Sequence[float]] | None = None,
    references: Collection[str] = (),
    total: int | None = None,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Figure:
    """A metric of each cell against what a run costs, with 95 % intervals and a point a seed; one panel a cost.

    Through the mean of a reference goes a line over the whole panel.

    Args:
        metric: The name of the metric.
        values: Its value, by cell.
        costs: What a run costs, by the name of the cost and by cell.
        by_seed: The value of each seed, by cell.
        references: The cells that the others are held against, such as joint training.
        total: The number of cells in the study, of which these are the best and references; by default, these are all.
        bounds: The least and the greatest value that can come out; what an interval has beyond them is not drawn.
    """
    legend = _LINE * (len(values) + 2)
    figure, panels = grid_of(len(costs), len(costs), 3.6, 3.4 + legend, left=0.82, bottom=0.5 + legend)
    for axes, (cost, by_cell) in zip(panels, costs.items(), strict=True):
        panel(axes, "", cost, metric)
        for number, (cell, value) in enumerate(values.items()):
            x, y, (low, high) = by_cell[cell], value.mean, _interval(value, bounds)
            points = (by_seed or {}).get(cell, ())
            beside = offset_copy(axes.transData, figure, x=_BESIDE, units="points")
            axes.plot(
                [x] * len(points), points, "o", transform=beside, color=_colour(number), markersize=4,
                markerfacecolor="none", markeredgewidth=0.8,
            )  # fmt: skip
            if cell in references:
                axes.axhline(y, color=_colour(number), linestyle="--", linewidth=1)
            axes.errorbar(
                x, y, [[y - low], [high - y]], fmt=_marker(number), label=cell, color=_colour(number), capsize=3,
                markersize=5,
            )  # fmt: skip
        axes.margins(0.15)
        bottom, top = axes.get_ylim()
        axes.set_ylim(max(bottom, bounds[0] - _BEYOND), min(top, bounds[1] + _BEYOND))
        axes.locator_params(axis="x", nbins=4)
        if max(by_cell.values()) >= _LONG:  # Such numbers would run together, and over the edge.
            axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    panels[0].set_title(f"{metric} against the cost of a run, with 95 % intervals", fontsize=10, loc="left")
    _add_legend(figure, total)
    return figure


def accuracy_over_tasks(
    curves: Mapping[str, Sequence[Estimate]], references: Collection[str] = (), total: int | None = None
) -> Figure:
    """Mean accuracy over the tasks learned so far, with 95 % intervals.

    Args:
        curves: By cell, the accuracy after the first, second, ... task, in [0, 1].
        references: The cells that the others are held against; their lines are dashed.
        total: The number of cells in the study, of which these are the best and references; by default, these are all.
    """
    legend = _LINE * (len(curves) + 2)
    figure, (axes,) = grid_of(1, 1, 5.6, 3.9 + legend, bottom=0.5 + legend)
    panel(axes, "Accuracy on the tasks learned so far, with 95 % intervals", "Number of tasks learned", "Accuracy")
    for number, (cell, curve) in enumerate(curves.items()):
        learned = np.arange(1, len(curve) + 1)
        mean = np.array([value.mean for value in curve])
        low, high = np.array([_interval(value, (0.0, 1.0)) for value in curve]).T
        line = "--" if cell in references else "-"
        axes.plot(learned, mean, _marker(number) + line, color=_colour(number), markersize=4, label=cell)
        axes.fill_between(learned, low, high, color=_colour(number), alpha=0.15, linewidth=0)
    percent(axes)
    whole_numbers(axes)
    _add_legend(figure, total)
    return figure


def _add_legend(figure: Figure, total: int | None) -> None:
    """Names the cells below the panels, as they share them; says so where these are not all."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    is_part = total is not None and len(labels) < total
    title = f"{len(labels)} of {total} cells: the best, the baseline and references" if is_part else None
    figure.legend(
        handles, labels, title=title, loc="lower left", alignment="left", fontsize=8, title_fontsize=8, frameon=False,
        bbox_to_anchor=(0.02, 0.0),
    )  # fmt: skip


def _interval(value: Estimate, bounds: tuple[float, float]) -> tuple[float, float]:
    """The ends of the interval, as far as they lie where values can."""
    half = value.ci95 or 0.0
    return max(value.mean - half, bounds[0]), min(value.mean + half, bounds[1])


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _marker(number: int) -> str:
    """A marker, for readers who see no colours; with the colour it tells seventy cells apart."""
    return _MARKERS[number % len(_MARKERS)]
