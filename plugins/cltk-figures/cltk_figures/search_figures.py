"""Figures of a search: its trials, those that no other one beats, and which parameters matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cltk_figures.style import COLOURS, MUTED, grid_of, panel, whole_numbers

__all__ = ["front_figure", "history", "importance"]

Point = tuple[float, float]


def history(metric: str, values: Sequence[float], *, maximize: bool, labels: Mapping[int, str]) -> Figure:
    """The value of each trial in order, and the best so far.

    Args:
        metric: What was searched for.
        values: Its value in each trial.
        maximize: Whether more is better.
        labels: What to write beside trials, by their positions.
    """
    figure, (axes,) = grid_of(1, 1, 6.0, 3.9, left=0.82)
    panel(axes, "Validation result of each trial, and the best so far", "Trial", metric)
    numbers = range(1, len(values) + 1)
    best = np.maximum.accumulate(values) if maximize else np.minimum.accumulate(values)
    axes.plot(numbers, values, "o", color=COLOURS[0], markersize=4)
    axes.step(numbers, best, where="post", color=COLOURS[1], linewidth=1.3)
    whole_numbers(axes)
    _write_labels(axes, [(position + 1.0, value) for position, value in enumerate(values)], labels)
    return figure


def front_figure(
    metrics: tuple[str, str], points: Sequence[Point], front: Sequence[Point], labels: Mapping[int, str]
) -> Figure:
    """One metric against another, with the trials that no other one beats in both.

    Args:
        metrics: The names of what is drawn upwards and of what is drawn to the right.
        points: Every trial: its value to the right, then its value upwards.
        front: Those that no other one beats, from left to right.
        labels: What to write beside trials, by their positions among the points.
    """
    up, right = metrics
    figure, (axes,) = grid_of(1, 1, 6.0, 3.9, left=0.82)
    panel(axes, f"{up} against {right}; the line: not beaten", right, up)
    axes.plot(*zip(*points, strict=True), "o", color=MUTED, markersize=4)
    axes.plot(*zip(*front, strict=True), "o-", color=COLOURS[0], markersize=5)
    _write_labels(axes, points, labels)
    return figure


def importance(metric: str, shares: Mapping[str, float]) -> Figure:
    """How much each parameter matters for a metric: shares that sum to 1, by the parameters' names."""
    figure, (axes,) = grid_of(1, 1, 5.6, 0.9 + 0.3 * len(shares), left=1.9)
    panel(axes, "How much each parameter matters", f"Share in {metric}")
    names = list(shares)[::-1]
    axes.barh(names, [shares[name] for name in names], color=COLOURS[0])
    return figure


def _write_labels(axes: Axes, points: Sequence[Point], labels: Mapping[int, str]) -> None:
    for position, text in labels.items():
        axes.annotate(text, points[position], xytext=(4, 4), textcoords="offset points", fontsize=8)
