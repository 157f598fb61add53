"""Labelled data as they were read, before they are split into tasks."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Samples"]


class Samples(Protocol):
    """The training or the test part of a data set."""

    @property
    def labels(self) -> NDArray[Any]:
        """The class of each sample, (N,) whole numbers from 0."""

    def x(self, index: Tensor) -> Tensor:
        """The samples at ``index``, (n,) int64, as (n, C, H, W) float32 in [0, 1]."""
