"""Labelled images as tensors: a data set, a batch of it, or a set of replayed samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

__all__ = ["SOFT_ONLY", "UNKNOWN", "Examples"]

SOFT_ONLY = -100
"""The hard label of a sample that has soft targets only; PyTorch's cross-entropy passes over it."""

UNKNOWN = -1
"""The task of a sample that may be of any."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Columns of equal length, on one device.

    Args:
        x: (N, C, H, W) float32 in [0, 1].
        y: (N,) int64 labels, ``SOFT_ONLY`` where a sample has soft targets only.
        weight: (N,) float32 loss weights of 0 or more, with mean 1; or None for all 1.
        soft: (N, K) float32 target probabilities, all 0 where a sample has a hard label only; or None. Those of a
            sample of unknown task are shared out to all tasks, each of which has its own softmax.
        task: (N,) int64 the task that each sample is of, from 0, and -1 where that is not known; or None. The engine
            adds it in the task-incremental setting.
    """

    x: Tensor
    y: Tensor
    weight: Tensor | None = None
    soft: Tensor | None = None
    task: Tensor | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: Tensor | slice) -> Examples:
        """The samples at ``index``: positions as (n,) int64, a mask as (N,) bool, or a slice."""
        if isinstance(index, Tensor) and index.dtype == torch.int64:
            return self.map(lambda column: column.index_select(0, index))  # Ten times as fast as advanced indexing.
        return self.map(lambda column: column[index])

    @property
    def columns(self) -> list[Tensor]:
        """All that are there, in order."""
        return [column for column in (self.x, self.y, self.weight, self.soft, self.task) if column is not None]

    @property
    def weights(self) -> Tensor:
        """The loss weights, (N,) float32, written out."""
        return torch.ones(len(self), device=self.x.device) if self.weight is None else self.weight

    @property
    def tasks(self) -> Tensor:
        """The task of each sample, (N,) int64, written out."""
        return torch.full_like(self.y, UNKNOWN) if self.task is None else self.task

    def to(self, device: torch.device) -> Examples:
        """The same samples on another device."""
        return self.map(lambda column: column.to(device))

    def weighted(self, weight: float) -> Examples:
        """The same samples, each with this loss weight."""
        return replace(self, weight=torch.full((len(self),), weight, device=self.x.device))

    def mean(self, losses: Tensor) -> Tensor:
        """The weighted mean of per-sample ``losses``, shape (N,); a scalar."""
        return losses.mean() if self.weight is None else torch.dot(losses.float(), self.weight) / len(self)

    @staticmethod
    def concat(parts: Sequence[Examples]) -> Examples:
        """All parts in one, in order; weights must be there in every part or in none.

        Raises:
            ValueError: ``parts`` is empty.
        """
        if not parts:
            raise ValueError("Examples.concat needs at least one part.")
        if len(parts) == 1:
            return parts[0]
        weights = [part.weight for part in parts if part.weight is not None]
        assert len(weights) in (0, len(parts))
        return Examples(
            torch.cat([part.x for part in parts]),
            torch.cat([part.y for part in parts]),
            torch.cat(weights) if weights else None,
            _joined_targets(parts),
            None if all(part.task is None for part in parts) else torch.cat([part.tasks for part in parts]),
        )

    def map(self, change: Callable[[Tensor], Tensor]) -> Examples:
        """The samples with every column changed in the same way."""
        weight = None if self.weight is None else change(self.weight)
        soft = None if self.soft is None else change(self.soft)
        task = None if self.task is None else change(self.task)
        return Examples(change(self.x), change(self.y), weight, soft, task)


def _joined_targets(parts: Sequence[Examples]) -> Tensor | None:
    """The soft targets of all parts, 0 for those that have none; None where no part has any."""
    outputs = next((part.soft.shape[1] for part in parts if part.soft is not None), None)
    if outputs is None:
        return None
    return torch.cat([part.x.new_zeros(len(part), outputs) if part.soft is None else part.soft for part in parts])
