"""Labelled images as they were published, before they are scaled and split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["CLASSES", "Images"]

CLASSES = 10
"""The data sets of images that this package reads have ten classes, 0 to 9."""


@dataclass(frozen=True, slots=True)
class Images:
    """The training or the test part of a data set of grey-scale images.

    Args:
        pixels: (N, H, W) uint8 in [0, ``peak``]. Kept as bytes, so that each image is made floats once: in its task.
        labels: (N,) uint8 below ``CLASSES``.
        peak: The value of a pixel that is fully on.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    peak: int

    def x(self, index: Tensor) -> Tensor:
        """The images at ``index``, (n,) int64, as (n, 1, H, W) float32 in [0, 1]."""
        return torch.from_numpy(self.pixels[index.numpy()])[:, None].float().div_(self.peak)
