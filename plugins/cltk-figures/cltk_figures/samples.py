"""A figure of the samples that are replayed after each task."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cltk.runs.folder import Samples
from cltk_figures.style import grid_of, panel

__all__ = ["replayed_samples", "sample_strip"]

_SHOWN = 16
_PIXELS = 960
"""Width of a strip that is shown by itself, at least."""
_WIDTH = 8.0


def replayed_samples(samples: Samples, title: str = "Replayed samples") -> Figure:
    """One row of samples a task, sorted by the labels that they are replayed with, which stand above them."""
    height, width = next(iter(samples.values()))[0].shape[2:]
    down, across = height + max(3, round(0.45 * height)), width + max(1, width // 10)
    size = _WIDTH / (_SHOWN * across)
    figure, (axes,) = grid_of(1, 1, _WIDTH + 0.7, len(samples) * down * size + 0.35, left=0.65, right=0.05, bottom=0.03)
    panel(axes, f"{title} and the labels they are replayed with")
    axes.axis("off")
    rows = []
    for row, (task, (images, labels)) in enumerate(samples.items()):
        chosen = _chosen(labels)
        rows.append(_strip(images[chosen], down, across))
        bottom = (row + 1) * down
        axes.text(-0.2 * across, bottom - height / 2, f"after\ntask {task + 1}", fontsize=8, ha="right", va="center")
        for i, label in enumerate(labels[chosen]):
            axes.text(i * across + width / 2, bottom - 1.06 * height, str(label), fontsize=8, ha="center")
    extent = (0, _SHOWN * across, len(samples) * down, 0)
    axes.imshow(np.concatenate(rows), cmap="gray_r", vmin=0, vmax=1, extent=extent, aspect="auto")
    return figure


def sample_strip(images: npt.NDArray[np.float32], labels: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """The samples of one task side by side, sorted by their labels, as large as a page shows them.

    Args:
        images: (n, C, H, W) in [0, 1].
        labels: (n,).

    Returns:
        (H', W') for one channel, dark on white, else (H', W', 3).
    """
    chosen = images[_chosen(labels)]
    height, width = chosen.shape[2:]
    across = width + max(1, width // 10)
    strip = _strip(chosen, height, across)
    shades = strip if strip.ndim == 3 else 1 - strip
    scale = -(-_PIXELS // (across * _SHOWN))
    large: npt.NDArray[np.uint8] = np.round(255 * shades.clip(0, 1)).astype(np.uint8)
    return large.repeat(scale, axis=0).repeat(scale, axis=1)


def _chosen(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Up to as many samples as a row shows, evenly over the sorted labels."""
    order: npt.NDArray[np.int64] = np.argsort(labels, kind="stable")
    return np.take(order, np.linspace(0, len(order) - 1, min(_SHOWN, len(order))).astype(int))


def _strip(images: npt.NDArray[np.float32], down: int, across: int) -> npt.NDArray[np.float32]:
    """Images (n, C, H, W) side by side at the bottom of a row: (down, width) for one channel, else (down, width, 3)."""
    _, channels, height, width = images.shape
    background = 1.0 if channels == 3 else 0.0  # One channel is drawn dark on white.
    strip = np.full((down, _SHOWN * across, channels), background, dtype=np.float32)
    for i, image in enumerate(images):
        strip[down - height :, i * across : i * across + width] = image.transpose(1, 2, 0)
    return strip if channels == 3 else strip[:, :, 0]
