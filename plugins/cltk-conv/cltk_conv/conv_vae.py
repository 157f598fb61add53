"""A convolutional variational autoencoder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings, Sizes
from cltk.interfaces import Dimension, Generator, IntRange, ScenarioInfo

__all__ = ["ConvVAE"]


class ConvVAE(Generator):
    """A variational autoencoder with convolutional networks and a Bernoulli likelihood of each pixel.

    Source: Kingma & Welling 2014, arXiv 1312.6114; its layers after Radford, Metz & Chintala 2016, arXiv 1511.06434.
    Deviations: no batch normalisation, whose statistics would mix current and replayed images; ReLU in the encoder
    too.
    """

    class Config(Settings):
        """Size."""

        channels: Sizes = Field(
            default=(32, 64), min_length=1, description="channels of the layers, each halves the image"
        )
        latent_dim: PositiveInt = Field(default=50, description="number of latent variables")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        self.shape = info.shape
        channels, height, width = info.shape
        scale = 2 ** len(config.channels)
        grid = (config.channels[-1], math.ceil(height / scale), math.ceil(width / scale))
        self.encoder = _encoder((channels, *config.channels), math.prod(grid), 2 * config.latent_dim)
        self.decoder = _decoder((*config.channels[::-1], channels), grid, config.latent_dim)

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """The number of latent variables."""
        return {"latent_dim": IntRange(10, 200, log=True)}

    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """The negative evidence lower bound of images (B, C, H, W); (B,) nats per sample."""
        mean, log_variance = self.encoder(x).float().chunk(2, dim=1)
        noise = torch.randn(mean.shape, generator=rng, device=x.device)
        logits = self._logits(mean + noise * (0.5 * log_variance).exp())
        reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
        divergence: Tensor = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
        return reconstruction + divergence

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """The pixel probabilities of ``n`` draws from the prior; (n, C, H, W) in [0, 1]."""
        return self._logits(torch.randn((n, self.config.latent_dim), generator=rng, device=rng.device)).sigmoid()

    def _logits(self, latent: Tensor) -> Tensor:
        """Of the pixels; the decoder doubles a rounded grid, so that its images may be a little too large."""
        _, height, width = self.shape
        logits: Tensor = self.decoder(latent)[..., :height, :width].float()
        return logits


def _encoder(channels: tuple[int, ...], flat: int, outputs: int) -> nn.Sequential:
    """Images to (B, outputs)."""
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, kernel_size=3, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, outputs))


def _decoder(channels: tuple[int, ...], grid: tuple[int, int, int], latent_dim: int) -> nn.Sequential:
    """(B, latent_dim) to the logits of images."""
    layers: list[nn.Module] = [nn.Linear(latent_dim, math.prod(grid)), nn.Unflatten(1, grid)]
    for before, after in pairwise(channels):
        layers += [nn.ReLU(), nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1)]
    return nn.Sequential(*layers)
