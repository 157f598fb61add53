"""A mixture of Gaussians for each class."""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces import Batches, ConditionalGenerator, Examples, Fit, Phase, ScenarioInfo, Training

__all__ = ["GaussianMixture"]


class GaussianMixture(ConditionalGenerator):
    """For each class a mixture of Gaussians with independent pixels; a class that a fit lacks stays as it was.

    Source: Dempster, Laird & Rubin 1977, DOI 10.1111/j.2517-6161.1977.tb01600.x.
    """

    share: Tensor
    mean: Tensor
    variance: Tensor

    class Config(Settings):
        """Size and effort."""

        components: PositiveInt = Field(default=10, description="Gaussians of each class")
        iterations: PositiveInt = Field(default=20, description="steps of expectation maximisation")
        floor: float = Field(default=0.02, gt=0, le=1, description="least standard deviation of a pixel")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        self.shape, size = info.shape, (info.outputs, config.components)
        self.register_buffer("share", torch.zeros(size))
        self.register_buffer("mean", torch.full((*size, info.pixels), 0.5))
        self.register_buffer("variance", torch.full((*size, info.pixels), 0.25))

    def phase(self, batches: Batches, training: Training) -> Phase:
        """One fit, whatever the budget."""
        return Fit("generator", self, batches, self.fit)

    def fit(self, examples: Examples, rng: torch.Generator) -> None:
        """Fits each class that is there, its samples counted by their weights."""
        weight = examples.weights
        for label in sorted({*examples.y[weight > 0].tolist()}):
            own = (examples.y == label) & (weight > 0)
            self._fit_class(label, examples.x[own].flatten(1).double(), weight[own].double() / weight.sum(), rng)

    def _fit_class(self, label: int, x: Tensor, weight: Tensor, rng: torch.Generator) -> None:
        count, floor = self.config.components, self.config.floor**2
        mean = x[(torch.empty_like(weight).exponential_(generator=rng) / weight).argsort().repeat(count)[:count]]
        share, variance = weight.new_ones(count), x.var(0, correction=0).clamp_min(floor).expand_as(mean)
        for _ in range(self.config.iterations):
            belongs = weight[:, None] * _log_joint(x, share, mean, variance).softmax(1)
            share = belongs.sum(0).clamp_min(1e-12)
            mean = belongs.T @ x / share[:, None]
            variance = (belongs.T @ x.square() / share[:, None] - mean.square()).clamp_min(floor)
        self.share[label], self.mean[label], self.variance[label] = share, mean, variance

    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """The negative log-density of images (B, C, H, W) under all classes together; (B,) nats per sample."""
        return -_log_joint(x.flatten(1).double(), self.share, self.mean, self.variance).logsumexp(1).float()

    def sample_labelled(self, n: int, rng: torch.Generator) -> Examples:
        """Draws a Gaussian by its share, then an image of it."""
        chosen = torch.multinomial(self.share.flatten() + 1e-12, max(n, 1), replacement=True, generator=rng)[:n]
        return Examples(self._draw(chosen, rng), chosen // self.config.components)

    def sample_of(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Draws a Gaussian of each class by its share, then an image of it."""
        if len(labels) == 0:
            return self._draw(labels, rng)
        within = torch.multinomial(self.share[labels] + 1e-12, 1, generator=rng).flatten()
        return self._draw(labels * self.config.components + within, rng)

    def _draw(self, chosen: Tensor, rng: torch.Generator) -> Tensor:
        """An image of each Gaussian that was chosen."""
        mean, variance = (kept.flatten(0, 1)[chosen] for kept in (self.mean, self.variance))
        return torch.normal(mean, variance.sqrt(), generator=rng).clamp(0, 1).view(len(chosen), *self.shape)


def _log_joint(x: Tensor, share: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """The logarithm of share times density, (n, k); in float64, as it is a difference of large squares."""
    mean, variance = mean.flatten(0, -2).double(), variance.flatten(0, -2).double()
    square = x.square() @ (1 / variance).T - 2 * x @ (mean / variance).T + (mean.square() / variance).sum(1)
    return (share.flatten() + 1e-12).log().log_softmax(0) - 0.5 * (square + (2 * torch.pi * variance).log().sum(1))
