"""Herding: choosing samples whose mean stays close to that of all."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["herd"]


def herd(features: Tensor, count: int) -> Tensor:
    """Chooses samples one by one, each so that the mean of those chosen comes closest to the mean of all.

    Source: Rebuffi et al. 2017, arXiv 1611.07725, algorithm 4; Welling 2009, DOI 10.1145/1553374.1553517.

    Args:
        features: (N, F), each of length 1.
        count: How many to choose; all where there are fewer.

    Returns:
        (min(count, N),) int64 positions, in the order in which they were chosen.
    """
    mean = F.normalize(features.mean(0), dim=0)
    sum_chosen = torch.zeros_like(mean)
    penalty = torch.zeros(len(features), device=features.device)
    chosen: list[Tensor] = []
    for rank in range(1, min(count, len(features)) + 1):
        # |mean - (sum + f) / rank| falls as this product rises, as all f have the same length.
        best = (features @ (rank * mean - sum_chosen) + penalty).argmax()
        penalty[best] = float("-inf")
        sum_chosen = sum_chosen + features[best]
        chosen.append(best)
    return torch.stack(chosen)
