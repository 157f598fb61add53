"""Loss weights that make all classes equally important."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["balanced_weights"]


def balanced_weights(y: Tensor) -> Tensor:
    """Weights by which each class has the same share of the loss, however many samples it has.

    Args:
        y: (N,) int64 labels of the samples.

    Returns:
        (N,) float32 with mean 1.
    """
    classes, index, counts = torch.unique(y, return_inverse=True, return_counts=True)
    weights: Tensor = (len(y) / len(classes) / counts)[index]
    return weights
