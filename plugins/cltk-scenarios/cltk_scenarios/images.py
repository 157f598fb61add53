"""Labelled images as they were published, before they are scaled and split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["CLASSES", "Images"]

CLASSES = 10
"""All data sets of this package have ten classes, 0 to 9."""


@dataclass(frozen=True, slots=True)
class Images:
    """The training or the test part of a data set.

    Args:
        x: (N, C, H, W) uint8 in [0, ``peak``]. Kept as bytes, so that each image is made a float once: in its task.
        y: (N,) int64 labels.
        peak: The value of a pixel that is fully on.
    """

    x: Tensor
    y: Tensor
    peak: int

    @staticmethod
    def of(pixels: NDArray[np.uint8], labels: NDArray[np.uint8], peak: int) -> Images:
        """Grey-scale images from arrays.

        Args:
            pixels: (N, H, W).
            labels: (N,).
            peak: The value of a pixel that is fully on.
        """
        return Images(torch.from_numpy(pixels)[:, None], torch.from_numpy(labels).long(), peak)

    def scaled(self, index: Tensor) -> Tensor:
        """The images at ``index``, (n,) int64, as (n, C, H, W) float32 in [0, 1]."""
        return self.x[index].float().div_(self.peak)
