"""Figures of a run's accuracy, metrics and losses."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cltk.record import Record
from cltk_figures.style import COLOURS, INK, MUTED, grid_of, panel, percent, whole_numbers

__all__ = [
    "accuracy_by_task",
    "accuracy_matrix",
    "average_accuracy",
    "confusion",
    "losses",
    "mean_accuracy_matrix",
    "metrics_by_task",
]

_COUNT = "Number of tasks learned"

_SHADES = "Blues"
"""From white, so that a page in dark mode can invert it: nothing is then as dark as the page."""

_WRITTEN = 20
"""The most classes whose shares are written into a confusion matrix."""

_MARKED = 30
"""The most epochs of a phase that are marked one by one."""


def accuracy_matrix(
    matrix: Sequence[Sequence[float]],
    classes: Sequence[Sequence[int]],
    spread: Sequence[Sequence[float]] | None = None,
    title: str = "Accuracy in %",
) -> Figure:
    """The accuracy matrix as a heat map; a frame marks the task that was learned last.

    Args:
        matrix: Rows: before training, then after each task; columns: tasks; in [0, 1].
        classes: The labels of each task.
        spread: The standard deviation of each entry, where the matrix is a mean.
        title: What is shown.
    """
    values = np.asarray(matrix, dtype=float)
    rows, columns = values.shape
    figure, (axes,) = grid_of(1, 1, 0.95 + 0.95 * columns, 0.95 + 0.52 * rows, left=0.75)
    panel(axes, f"{title}; framed: the task just learned")
    axes.imshow(values, cmap=_SHADES, vmin=0, vmax=1, aspect="auto")
    axes.grid(visible=False)
    axes.set_xticks(range(columns), [f"task {i + 1}{_labels(classes, i)}" for i in range(columns)])
    axes.set_yticks(range(rows), ["before", *(f"after {i}" for i in range(1, rows))])
    for (row, column), value in np.ndenumerate(values):
        text = f"{100 * value:.1f}" if spread is None else f"{100 * value:.1f}\n±{100 * spread[row][column]:.1f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if value > 0.55 else INK)
    for row in range(1, rows):
        axes.add_patch(Rectangle((row - 1.5, row - 0.5), 1, 1, fill=False, edgecolor=COLOURS[1], linewidth=2))
    return figure


def mean_accuracy_matrix(records: Sequence[Record], title: str) -> Figure:
    """The mean accuracy matrix of one finished run or more, with standard deviations where there are several.

    Where the runs differ in the classes of their tasks, it names no class, and says that it mixes them.
    """
    matrices = np.array([record.accuracy for record in records])
    spread = matrices.std(axis=0, ddof=1).tolist() if len(matrices) > 1 else None
    classes = records[0].classes
    mixes = any(record.classes != classes for record in records)
    figure = accuracy_matrix(matrices.mean(axis=0), [] if mixes else classes, spread, title)
    if mixes:
        figure.axes[0].set_xlabel("mixes classes: each seed has its own order", fontsize=9, color=INK)
    return figure


def confusion(records: Sequence[Record], title: str) -> Figure:
    """What samples of each label were taken for after the last task, in percent of the label, over several runs.

    Args:
        records: One finished run or more, with confusion matrices.
        title: What is shown.
    """
    counts = np.array([record.tasks[-1].confusion for record in records], dtype=float).sum(axis=0)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(shares)
    figure, (axes,) = grid_of(1, 1, 1.1 + 0.36 * size, 1.1 + 0.32 * size, left=0.75)
    panel(axes, title, "Predicted class", "Class")
    axes.imshow(shares, cmap=_SHADES, vmin=0, vmax=1, aspect="auto")
    axes.grid(visible=False)
    axes.set_xticks(range(size))
    axes.set_yticks(range(size))
    for (row, column), value in np.ndenumerate(shares) if size <= _WRITTEN else ():
        text = f"{100 * value:.0f}" if value >= 0.005 else ""
        axes.text(column, row, text, ha="center", va="center", fontsize=7, color="white" if value > 0.55 else INK)
    return figure


def accuracy_by_task(record: Record) -> Figure:
    """The accuracy of each task during training: dotted until the task is learned, solid from then on."""
    values = np.asarray(record.accuracy)
    learned = np.arange(len(values))
    figure, (axes,) = grid_of(1, 1, 6.8, 3.9, right=1.55)
    panel(axes, "Accuracy of each task during training", _COUNT, "Accuracy")
    for task in range(values.shape[1]):
        colour = COLOURS[task % len(COLOURS)]
        axes.plot(learned[: task + 2], values[: task + 2, task], ":", color=colour, linewidth=1, alpha=0.7)
        label = f"task {task + 1}{_labels(record.classes, task, ': ')}"
        axes.plot(learned[task + 1 :], values[task + 1 :, task], "o-", color=colour, markersize=4, label=label)
    percent(axes)
    whole_numbers(axes)
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def average_accuracy(record: Record) -> Figure:
    """Mean accuracy as a function of tasks learned: over all tasks of the sequence, and over those learned so far."""
    values = np.asarray(record.accuracy)
    learned = np.arange(len(values))
    seen = [record.seen_accuracy(count) for count in learned[1:]]
    figure, (axes,) = grid_of(1, 1, 5.2, 3.9)
    panel(axes, "Mean accuracy as tasks are learned", _COUNT, "Accuracy")
    axes.plot(learned[1:], seen, "o-", color=COLOURS[0], markersize=4, label="tasks learned so far")
    axes.plot(learned, values.mean(axis=1), "s--", color=COLOURS[1], markersize=4, label="all tasks")
    percent(axes)
    whole_numbers(axes)
    axes.legend(fontsize=8, frameon=False, loc="lower right")
    return figure


def metrics_by_task(record: Record) -> Figure:
    """Every metric as if the sequence had ended after the first, second, ... task; one panel each."""
    curves = {name: curve for name, curve in record.curves.items() if any(value is not None for value in curve)}
    across = 4
    figure, panels = grid_of(len(curves), across, 2.6, 1.9, left=0.5)
    for axes, (name, curve) in zip(panels, curves.items(), strict=True):
        panel(axes, name)
        values = np.array([np.nan if value is None else value for value in curve])
        axes.plot(np.arange(1, len(values) + 1), values, "o-", color=COLOURS[0], markersize=3.5, linewidth=1.3)
        low, high = np.nanmin(values), np.nanmax(values)
        if low >= -1 and high <= 1:
            axes.set_ylim(-1.05 if low < 0 else -0.03, 1.05)
            axes.set_yticks((-1, 0, 1) if low < 0 else (0, 0.5, 1))
        if low < 0:
            axes.axhline(0, color=MUTED, linewidth=0.7)
        axes.set_xlim(0.7, len(values) + 0.3)
        whole_numbers(axes, most=5)
        axes.tick_params(labelbottom=False)
    for axes in panels[-across:]:  # With nothing below them.
        axes.set_xlabel(_COUNT, fontsize=9, color=INK)
        axes.tick_params(labelbottom=True)
    return figure


def losses(record: Record) -> Figure:
    """The training loss over the epochs of each phase; a line where a task begins."""
    phases = list(dict.fromkeys(epoch.phase for epoch in record.losses if epoch.loss is not None))
    figure, panels = grid_of(len(phases), 2, 4.8, 3.2)
    for axes, phase in zip(panels, phases, strict=True):
        panel(axes, phase, "Epoch, over all tasks", "Loss (nats per sample)")
        end = 0
        for task, epochs in itertools.groupby((e for e in record.losses if e.phase == phase), key=lambda e: e.task):
            values = [np.nan if epoch.loss is None else epoch.loss for epoch in epochs]
            start, end = end, end + len(values)
            style = "o-" if len(values) <= _MARKED else "-"
            axes.plot(range(start + 1, end + 1), values, style, color=COLOURS[0], markersize=2.5, linewidth=1.3)
            axes.axvline(start + 0.5, color=MUTED, linewidth=0.7, linestyle=":")
            where = axes.get_xaxis_transform()
            axes.text(start + 0.6, 0.98, f"task {task + 1}", transform=where, fontsize=7, va="top", clip_on=True)
        axes.set_xlim(0.5, end + 0.5)
        axes.margins(y=0.15)
        whole_numbers(axes)
    return figure


def _labels(classes: Sequence[Sequence[int]], task: int, separator: str = "\n") -> str:
    labels = [str(label) for label in classes[task]] if task < len(classes) else []
    if len(labels) > 4:
        labels = [*labels[:2], "…", labels[-1]]
    return separator + ", ".join(labels) if labels else ""
