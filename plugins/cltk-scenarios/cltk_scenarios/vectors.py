"""Samples of a user's file, scaled as the first task's data say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Vectors"]


@dataclass(frozen=True, slots=True)
class Vectors:
    """The training or the test part.

    Args:
        values: (N, C, H, W) float32, as they were read.
        labels: (N,) int64 from 0.
        low: What becomes 0, of every value (C, H, W) or of all of them.
        span: What becomes 1, less ``low``.
    """

    values: NDArray[np.float32]
    labels: NDArray[np.int64]
    low: NDArray[np.float64] | float = 0.0
    span: NDArray[np.float64] | float = 1.0

    def x(self, index: Tensor) -> Tensor:
        """The samples at ``index``, (n,) int64, as (n, C, H, W) float32, clipped to [0, 1]."""
        scaled = (self.values[index.numpy()] - self.low) / self.span
        return torch.from_numpy(np.clip(scaled, 0, 1).astype(np.float32))

    def scaled_like(self, values: NDArray[np.float32], each: bool) -> Self:
        """The samples on the scale on which ``values`` fill [0, 1].

        Args:
            values: (n, C, H, W), the samples that decide.
            each: Whether each value of a sample has a scale of its own.
        """
        axis = 0 if each else None
        low = values.min(axis=axis).astype(np.float64)
        span = values.max(axis=axis).astype(np.float64) - low
        # What does not vary has no scale: it keeps its own, on which later 0s and 1s stay apart.
        return type(self)(self.values, self.labels, low, np.where(span > 0, span, 1.0))
