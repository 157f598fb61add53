"""The generative classifier: one variational autoencoder a class."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces import Parts, Published, ScenarioInfo, Training
from cltk_class_models.class_wise import ClassWise

__all__ = ["ClassVAE", "GenerativeClassifier"]

IMAGES = 2000
"""Decoded ones that are compared at once: 6 MB of 28x28 pixels, which caches hold."""


class ClassVAE(nn.Module):
    """A small variational autoencoder with two hidden layers each way and a standard normal prior."""

    def __init__(self, pixels: int, hidden: int, latent_dim: int) -> None:
        super().__init__()
        self.encoder = _perceptron(pixels, hidden, hidden, 2 * latent_dim)
        self.decoder = _perceptron(latent_dim, hidden, hidden, pixels)


class GenerativeClassifier(ClassWise):
    """Learns a VAE a class, and calls an image what the VAE that gives it the highest likelihood was trained on.

    Likelihoods are estimated by importance sampling from the posterior, with noise that all images share, so that a
    prediction is the same whenever it is made.

    Source: van de Ven, Li & Tolias 2021, arXiv 2104.10093.

    Deviations: none known. As in the published code, networks learn a Bernoulli likelihood and are compared by a
    Gaussian one of unit variance; the paper's table is of 10,000 samples, the default here is 50.
    """

    published = (
        Published(
            "class-incremental Split MNIST, 50 importance samples here and 10,000 there",
            0.9379,
            "van de Ven, Li & Tolias 2021, arXiv 2104.10093",
            study="published-split-mnist",
            cell="generative classifier",
        ),
    )

    class Config(Settings):
        """Size, budget and precision of the likelihood."""

        hidden: PositiveInt = Field(85, description="units of each of the two hidden layers each way")
        latent_dim: PositiveInt = Field(5, description="number of latent variables")
        samples: PositiveInt = Field(50, description="importance samples behind a likelihood")
        training: Training = Field(
            Training(epochs=1, min_steps=1000, weight_decay=0.0), description="budget and optimizer of each VAE"
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.training = config.training
        self.scored_at_once = max(IMAGES // config.samples, 1)
        rng = torch.Generator().manual_seed(0)
        self._noise = torch.randn(config.samples, 1, config.latent_dim, generator=rng)

    def make_model(self) -> nn.Module:
        """Makes a VAE."""
        return ClassVAE(self.info.pixels, self.config.hidden, self.config.latent_dim)

    def losses(self, model: nn.Module, x: Tensor, rng: torch.Generator) -> Tensor:
        """The negative evidence lower bound, (B,) nats per sample."""
        assert isinstance(model, ClassVAE)
        mean, log_variance = model.encoder(x.flatten(1)).float().chunk(2, dim=1)
        noise = torch.randn(mean.shape, generator=rng, device=x.device)
        logits = model.decoder(mean + noise * (0.5 * log_variance).exp()).float()
        reconstruction = F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="none").sum(1)
        divergence: Tensor = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
        return reconstruction + divergence

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """The log-likelihood, (B,) nats, up to a constant."""
        assert isinstance(model, ClassVAE)
        noise = self._noise.to(x.device)
        mean, log_variance = model.encoder(x.flatten(1)).chunk(2, dim=1)
        latent = mean + noise * (0.5 * log_variance).exp()
        images = model.decoder(latent).sigmoid()
        likelihood = -0.5 * (x.flatten(1) - images).square().sum(2)
        # log p(z) - log q(z | x), in which the normalising constants cancel.
        ratio = 0.5 * (noise.square() - latent.square()).sum(2) + 0.5 * log_variance.sum(1)
        estimate: Tensor = (likelihood + ratio).logsumexp(0) - math.log(len(noise))
        return estimate


def _perceptron(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
