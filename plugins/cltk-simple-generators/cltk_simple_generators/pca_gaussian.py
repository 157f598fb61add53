"""A Gaussian in a principal subspace for each class."""

from __future__ import annotations

import math

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces import Batches, ConditionalGenerator, Examples, Fit, Phase, ScenarioInfo, Training

__all__ = ["PCAGaussian"]


class PCAGaussian(ConditionalGenerator):
    """For each class a Gaussian along its principal components; a class that a fit lacks stays as it was.

    Source: Tipping & Bishop 1999, DOI 10.1111/1467-9868.00196.
    Deviations: the noise outside of the subspace is a setting, ``floor``, instead of the mean of the variances there.
    Replay is clamped to [0, 1], and more noise would lighten dark pixels with every task.
    """

    share: Tensor
    mean: Tensor
    basis: Tensor
    variance: Tensor

    class Config(Settings):
        """Size."""

        dimensions: PositiveInt = Field(default=30, description="principal components of each class")
        floor: float = Field(default=0.02, gt=0, le=1, description="standard deviation outside of the subspace")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        self.shape = info.shape
        rank = min(config.dimensions, info.pixels)
        self.register_buffer("share", torch.zeros(info.outputs))
        self.register_buffer("mean", torch.full((info.outputs, info.pixels), 0.5))
        self.register_buffer("basis", torch.zeros(info.outputs, rank, info.pixels))
        self.register_buffer("variance", torch.zeros(info.outputs, rank))

    def phase(self, batches: Batches, training: Training) -> Phase:
        """One fit, whatever the budget."""
        return Fit("generator", self, batches, self.fit)

    def fit(self, examples: Examples, rng: torch.Generator) -> None:
        """Fits each class that is there, its samples counted by their weights."""
        weight = examples.weights
        for label in sorted({*examples.y[weight > 0].tolist()}):
            own = (examples.y == label) & (weight > 0)
            self._fit_class(label, examples.x[own].flatten(1).double(), weight[own].double() / weight.sum())

    def _fit_class(self, label: int, x: Tensor, weight: Tensor) -> None:
        share = weight.sum()
        mean = weight @ x / share
        centred = x - mean
        covariance = (weight[:, None] * centred).T @ centred / share
        # Ascending: the largest are last. Where there are fewer samples than dimensions, they are followed by zeros.
        variance, basis = (part[..., -self.variance.shape[1] :] for part in torch.linalg.eigh(covariance))
        self.share[label], self.mean[label], self.basis[label] = share, mean, basis.T
        self.variance[label] = (variance - self.config.floor**2).clamp_min(0)

    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """The negative log-density of images (B, C, H, W) under all classes together; (B,) nats per sample."""
        share = (self.share / self.share.sum().clamp_min(1e-12)).clamp_min(1e-12)
        classes = zip(share.log(), self.mean.double(), self.basis.double(), self.variance.double(), strict=True)
        densities = [log_share + self._log_density(x.flatten(1).double(), *fitted) for log_share, *fitted in classes]
        return -torch.stack(densities).logsumexp(0).float()

    def _log_density(self, x: Tensor, mean: Tensor, basis: Tensor, variance: Tensor) -> Tensor:
        """Of flat images (B, P), (B,): the covariance is ``basis`` times ``variance``, and the floor everywhere."""
        noise = self.config.floor**2
        residual, along = x - mean, (x - mean) @ basis.T
        inside = (along.square() * (1 / noise - 1 / (variance + noise))).sum(1)
        volume = (1 + variance / noise).log().sum() + len(mean) * math.log(2 * math.pi * noise)
        return -0.5 * (residual.square().sum(1) / noise - inside + volume)

    def sample_labelled(self, n: int, rng: torch.Generator) -> Examples:
        """Draws a class by its share, then an image of it."""
        chosen = torch.multinomial(self.share + 1e-12, max(n, 1), replacement=True, generator=rng)[:n]
        return Examples(self.sample_of(chosen, rng), chosen)

    def sample_of(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Draws along the principal components of each class, and everywhere around."""
        along = torch.randn((len(labels), self.variance.shape[1]), generator=rng, device=rng.device)
        along = along * self.variance[labels].sqrt()
        noise = torch.randn((len(labels), self.mean.shape[1]), generator=rng, device=rng.device)
        x = self.mean[labels] + self.config.floor * noise
        for label in set(labels.tolist()):
            own = labels == label
            x[own] += along[own] @ self.basis[label]
        return x.clamp(0, 1).view(len(labels), *self.shape)
