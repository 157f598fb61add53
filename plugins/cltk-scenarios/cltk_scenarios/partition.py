"""Which classes go into which task, and which samples of a class are trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cltk.seeding import derive_seed

__all__ = ["groups", "hold_out", "members", "stratified"]

SPLIT_SEED = 0
"""Not the seed of a run: all runs hold out the same samples, so that their accuracies are comparable."""


def groups(order: Sequence[int], tasks: int) -> tuple[tuple[int, ...], ...]:
    """Splits classes into nearly equal groups, the earlier ones getting the extra class (``numpy.array_split``).

    Args:
        order: The classes, in the order in which they are learned.
        tasks: Number of groups, at most as many as there are classes.
    """
    size, extra = divmod(len(order), tasks)
    starts = [task * size + min(task, extra) for task in range(tasks + 1)]
    return tuple(tuple(order[starts[task] : starts[task + 1]]) for task in range(tasks))


def members(labels: NDArray[Any], classes: int) -> list[Tensor]:
    """The positions of each class's samples, (n,) int64, ascending; one entry for each of ``classes``."""
    return [torch.from_numpy(np.flatnonzero(labels == label)) for label in range(classes)]


def stratified(labels: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Chooses a share of each class, the same samples in every run.

    Args:
        labels: (N,) from 0; two samples of each class or more.
        share: The part to choose, in (0, 1).

    Returns:
        (N,) which ones are chosen: at least one of each class, and never all.
    """
    chosen = np.zeros(len(labels), dtype=bool)
    for label, own in enumerate(members(labels, int(labels.max()) + 1)):
        rng = torch.Generator().manual_seed(derive_seed(SPLIT_SEED, "chosen", label))
        count = min(max(round(share * len(own)), 1), len(own) - 1)
        chosen[own[torch.randperm(len(own), generator=rng)[:count]].numpy()] = True
    return chosen


def hold_out(members: Tensor, label: int, share: float, limit: int | None) -> tuple[Tensor, Tensor]:
    """Divides the training samples of one class; at least one stays to be trained on.

    One fixed shuffle of the class decides. So what is held out depends neither on the tasks nor on ``limit``, and a
    larger ``limit`` keeps all that a smaller one keeps.

    Args:
        members: (n,) int64 positions of the class's training samples.
        label: The class.
        share: The part to hold out, in [0, 1).
        limit: Keep at most so many of the others; None for all.

    Returns:
        Positions to train on and positions held out, disjoint.
    """
    rng = torch.Generator().manual_seed(derive_seed(SPLIT_SEED, "held out", label))
    shuffled = members[torch.randperm(len(members), generator=rng)]
    held = min(round(share * len(members)), len(members) - 1)
    return shuffled[held:][:limit], shuffled[:held]
