"""Linear discriminant analysis from running sums."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Discriminant"]

CHUNK = 2048
"""Samples whose features are in memory at once."""


class Discriminant(nn.Module):
    """Class means and one covariance that all classes share, as running sums: exact in any order of the samples.

    The sum of outer products is symmetric, so that its upper triangle is kept alone.

    Source: Hayes & Kanan 2020, arXiv 1909.01520, with the covariance of all samples so far instead of a running update.

    Args:
        classes: Number of classes K.
        features: Number of features D.
    """

    counts: Tensor
    sums: Tensor
    products: Tensor

    def __init__(self, classes: int, features: int) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("counts", torch.zeros(classes))
        self.register_buffer("sums", torch.zeros(classes, features))
        self.register_buffer("products", torch.zeros(features * (features + 1) // 2))

    def add(self, features: Tensor, y: Tensor) -> None:
        """Takes samples in.

        Args:
            features: (B, D).
            y: (B,) int64 labels.
        """
        self.counts += torch.bincount(y, minlength=len(self.counts))
        self.sums.index_add_(0, y, features)
        rows, columns = self._triangle()
        self.products += (features.T @ features)[rows, columns]

    def weights(self, shrinkage: float) -> tuple[Tensor, Tensor]:
        """The linear classifier that follows from the sums.

        Args:
            shrinkage: Share of the identity in the covariance, in [0, 1].

        Returns:
            (D, K) weights and (K,) offsets; those of classes that were never met score minus infinity.
        """
        met = self.counts > 0
        means = self.sums / self.counts.clamp_min(1)[:, None]
        scatter = self._square(self.products) - (means * self.counts[:, None]).T @ means
        covariance = scatter / self.counts.sum().clamp_min(1)
        identity = torch.eye(self.features, device=means.device)
        weights = torch.linalg.solve((1 - shrinkage) * covariance + shrinkage * identity, means.T)
        offsets = -0.5 * (means * weights.T).sum(1)
        return weights, offsets.masked_fill(~met, float("-inf"))

    def _triangle(self) -> tuple[Tensor, Tensor]:
        rows, columns = torch.triu_indices(self.features, self.features, device=self.sums.device)
        return rows, columns

    def _square(self, upper: Tensor) -> Tensor:
        rows, columns = self._triangle()
        square = upper.new_zeros(self.features, self.features)
        square[rows, columns] = upper
        square[columns, rows] = upper
        return square
