"""CutMix: a rectangle of each image is replaced by that of another one."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F

from cltk.interfaces import SOFT_ONLY, UNKNOWN, Examples

__all__ = ["cutmix"]


def cutmix(batch: Examples, probability: float, outputs: int, rng: torch.Generator) -> Examples:
    """Mixes a batch with a shuffled copy of itself.

    Source: Yun et al. 2019, arXiv 1905.04899, with a share that is uniform in [0, 1] (alpha = 1).

    Args:
        batch: B samples with hard labels.
        probability: With which the batch is mixed at all, in [0, 1].
        outputs: Number of output units K.
        rng: Source of all that is random here.

    Returns:
        The batch as it was; or mixed, with soft labels that give each class its share of the pixels.
    """
    chance, share, row, column = torch.rand(4, generator=rng, device=rng.device).tolist()
    if chance >= probability:
        return batch
    height, width = batch.x.shape[2:]
    edge = (1 - share) ** 0.5
    top, bottom = _span(row, edge, height)
    left, right = _span(column, edge, width)
    order = torch.randperm(len(batch), generator=rng, device=rng.device)
    x = batch.x.clone()
    x[:, :, top:bottom, left:right] = batch.x[order, :, top:bottom, left:right]
    pasted = (bottom - top) * (right - left) / (height * width)
    own, other = (F.one_hot(y, outputs).float() for y in (batch.y, batch.y[order]))
    # Who is mixed with a sample of another task is of no one task.
    task = None if batch.task is None else batch.task.where(batch.task == batch.task[order], UNKNOWN)
    return replace(batch, x=x, task=task, y=torch.full_like(batch.y, SOFT_ONLY), soft=own.lerp(other, pasted))


def _span(centre: float, edge: float, size: int) -> tuple[int, int]:
    """Start and end of a segment of length ``edge * size`` around ``centre * size``, cut at the borders."""
    half = edge * size / 2
    return max(0, round(centre * size - half)), min(size, round(centre * size + half))
