"""Where latent variables come from: one Gaussian for all images, or one for each class."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

__all__ = ["ClassPrior", "Prior", "StandardPrior"]


class Prior(nn.Module, ABC):
    """A distribution of L latent variables.

    Attributes:
        is_conditional: Whether it differs from class to class.
    """

    is_conditional = False

    @abstractmethod
    def divergence(self, z: Tensor, mean: Tensor, log_variance: Tensor, targets: Tensor) -> Tensor:
        """How far posteriors are from the prior.

        Args:
            z: (B, L) one sample of each posterior.
            mean: (B, L) of the posteriors.
            log_variance: (B, L) of the posteriors.
            targets: (B, K) how probable each class is.

        Returns:
            (B,) nats per sample: the Kullback-Leibler divergence, or an estimate of it.
        """

    @abstractmethod
    def sample(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Draws latent variables of each of these classes, (n,) int64 to (n, L) float32."""


class StandardPrior(Prior):
    """The standard normal distribution."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.latent_dim = latent_dim

    def divergence(self, z: Tensor, mean: Tensor, log_variance: Tensor, targets: Tensor) -> Tensor:
        """In closed form (arXiv 1312.6114, appendix B)."""
        return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)

    def sample(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """The labels make no difference."""
        return torch.randn((len(labels), self.latent_dim), generator=rng, device=labels.device)


class ClassPrior(Prior):
    """A diagonal Gaussian for each class, whose means and log-variances are learned; drawn from N(0, 1) at first.

    Source: van de Ven, Siegelmann & Tolias 2020, DOI 10.1038/s41467-020-17866-2, "conditional replay".
    """

    is_conditional = True

    def __init__(self, outputs: int, latent_dim: int) -> None:
        super().__init__()
        self.means = nn.Parameter(torch.randn(outputs, latent_dim))
        self.log_variances = nn.Parameter(torch.randn(outputs, latent_dim))

    def divergence(self, z: Tensor, mean: Tensor, log_variance: Tensor, targets: Tensor) -> Tensor:
        """From the one sample; where several classes are probable, the prior is their mixture.

        The constant of both densities, L/2 log 2 pi, cancels.
        """
        posterior = -0.5 * (log_variance + (z - mean).square() / log_variance.exp()).sum(1)
        return posterior - (self._log_densities(z) + targets.log()).logsumexp(1)

    def sample(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """From the Gaussian of each label."""
        means, deviations = self.means[labels], (0.5 * self.log_variances[labels]).exp()
        return means + deviations * torch.randn(means.shape, generator=rng, device=means.device)

    def _log_densities(self, z: Tensor) -> Tensor:
        """Of each class, (B, L) to (B, K), without the constant.

        The square is multiplied out, for products of matrices instead of (B, K, L) numbers; they need float32.
        """
        precision = (-self.log_variances).exp()
        scaled = precision * self.means
        with torch.autocast(z.device.type, enabled=False):
            squares = z.square() @ precision.T - 2 * z @ scaled.T + (scaled * self.means).sum(1)
        return -0.5 * (self.log_variances.sum(1) + squares)
