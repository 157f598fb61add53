"""The look that all figures share. Figures are made without pyplot, so that no state outlives them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

__all__ = ["COLOURS", "INK", "MUTED", "grid_of", "panel", "percent", "save", "whole_numbers"]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999933", "#332288", "#000000")
"""Told apart by colour-blind readers too (Okabe and Ito, then Tol)."""
INK = "#222222"
MUTED = "#8A8A8A"

_DPI = 130
_TOP = 0.32


def panel(axes: Axes, title: str, x: str = "", y: str = "") -> Axes:
    """Gives a pair of axes its title, its labels and a plain frame."""
    # The height is the usual one; without it, matplotlib measures all labels to find it.
    axes.set_title(title, fontsize=10, color=INK, loc="left", y=1.0)
    axes.set_xlabel(x, fontsize=9, color=INK)
    axes.set_ylabel(y, fontsize=9, color=INK)
    axes.tick_params(labelsize=8, colors=INK, length=3)
    axes.grid(visible=True, axis="y", color="#E6E6E6", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def grid_of(
    count: int,
    columns: int,
    width: float,
    height: float,
    *,
    left: float = 0.62,
    right: float = 0.15,
    bottom: float = 0.5,
) -> tuple[Figure, list[Axes]]:
    """A figure with ``count`` panels, each ``width`` by ``height`` inches, in at most ``columns`` columns.

    Margins are set here, in inches, as matplotlib's own layouts draw every figure twice.

    Args:
        count: Number of panels.
        columns: The most panels in a row.
        width: Of one panel with its margins.
        height: Of one panel with its margins.
        left: Margin for the labels of the y axis.
        right: Margin for what stands beside the panel.
        bottom: Margin for the labels of the x axis.
    """
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(columns * width, rows * height))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    across, down = columns * width, rows * height
    figure.subplots_adjust(
        left=left / across,
        right=1 - right / across,
        bottom=bottom / down,
        top=1 - _TOP / down,
        wspace=(left + right) / (width - left - right),
        hspace=(bottom + _TOP) / (height - bottom - _TOP),
    )
    for spare in axes[count:]:
        spare.remove()
    return figure, list(axes[:count])


def percent(axes: Axes) -> None:
    """Shows the y axis, values in [0, 1], in percent."""
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))


def whole_numbers(axes: Axes, most: int = 10) -> None:
    """Marks whole numbers only on an x axis that counts something, at most ``most`` of them."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=most))


def save(figure: Figure, path: Path) -> None:
    """Writes a figure in the format that the file's name says: PNG, SVG or PDF. The same figure gives the same file."""
    options: dict[str, Any] = {
        ".png": {"dpi": _DPI, "pil_kwargs": {"compress_level": 3}},
        ".svg": {"metadata": {"Date": None}},
        ".pdf": {"metadata": {"CreationDate": None}},
    }
    with rc_context({"svg.hashsalt": "cltk"}):
        figure.savefig(path, facecolor="white", **options[path.suffix])
