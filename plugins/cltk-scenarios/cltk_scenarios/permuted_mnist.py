"""Permuted MNIST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from cltk_scenarios.transformed import Transform, TransformedMNIST

__all__ = ["PermutedMNIST"]

PIXELS = 28 * 28


@final
class PermutedMNIST(TransformedMNIST):
    """MNIST with its pixels in another order in each task: all ten digits, in 10 tasks of 1,000 images by default.

    Source: Goodfellow et al. 2013, arXiv 1312.6211; 10 tasks: van de Ven & Tolias 2019, arXiv 1904.07734; 1,000 images
    a task: Lopez-Paz & Ranzato 2017, arXiv 1706.08840.

    Deviations: the first task's pixels are permuted too, and images are not padded to 32x32.
    """

    def _transforms(self, rng: torch.Generator) -> Sequence[Transform]:
        return [_permutation(torch.randperm(PIXELS, generator=rng)) for _ in range(self.config.tasks)]


def _permutation(order: Tensor) -> Transform:
    return lambda x: x.flatten(1)[:, order].view_as(x)
