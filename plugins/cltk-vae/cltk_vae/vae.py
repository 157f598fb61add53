"""The variational autoencoder with fully connected layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt
from torch import Tensor

from cltk.config import Settings, Sizes
from cltk.interfaces import Batches, Examples, Fit, Generator, Phase, ScenarioInfo, Training
from cltk_vae.elbo import bernoulli_nll, gaussian_kl
from cltk_vae.perceptron import perceptron
from cltk_vae.prior import Prior

__all__ = ["VAE"]

ACTIVE_VARIANCE = 0.01
"""A latent unit is active if its posterior mean varies more than this over the data (arXiv 1509.00519, section 5.2)."""


class VAE(Generator):
    """A variational autoencoder: Gaussian posterior, standard normal prior, Bernoulli likelihood of each pixel.

    With its defaults on 28x28 images: 326,824 parameters. They were chosen on validation data of the digits, by
    ``experiments/first-command.toml``; with ``hidden = [400, 400]`` and ``latent_dim = 100`` it is genovese-2024's
    (after van de Ven & Tolias 2018, arXiv 1809.10635), of 1,069,784 parameters.

    Source: Kingma & Welling 2014, arXiv 1312.6114. The fitted prior: Ghosh et al. 2020, arXiv 1903.12436.

    Deviations: none known; mean and log-variance share one linear layer, which is the same function as two.
    """

    class Config(Settings):
        """Size and objective."""

        hidden: Sizes = Field((200,), description="units of the encoder's hidden layers; the decoder mirrors them")
        latent_dim: PositiveInt = Field(20, description="number of latent variables")
        beta: NonNegativeFloat = Field(1.0, description="weight of the KL divergence in the loss")
        mixture: NonNegativeInt = Field(
            0,
            # Left out, as in configurations of before there was one.
            exclude_if=lambda value: value == 0,
            description="Gaussians of a prior that is fitted to the codes afterwards; 0 for the standard normal",
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        self.shape = info.shape
        self.encoder = perceptron(info.pixels, *config.hidden, 2 * config.latent_dim)
        self.decoder = perceptron(config.latent_dim, *reversed(config.hidden), info.pixels)
        self.prior = Prior(config.mixture, config.latent_dim) if config.mixture else None

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The posterior of images (B, C, H, W): mean and log-variance, each (B, L)."""
        # In float32, as a divergence in bfloat16 would be off by more than what training has left to gain.
        mean, log_variance = self.encoder(x.flatten(1)).float().chunk(2, dim=1)
        return mean, log_variance

    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """The negative evidence lower bound, from one sample of the posterior.

        Args:
            x: (B, C, H, W) float32 in [0, 1].
            y: Unused.
            rng: Source of the posterior samples.

        Returns:
            (B,) nats per sample, summed over pixels and latent variables.
        """
        mean, log_variance = self.encode(x)
        noise = torch.randn(mean.shape, generator=rng, device=x.device)
        logits = self.decoder(torch.addcmul(mean, noise, (0.5 * log_variance).exp()))
        return bernoulli_nll(logits, x.flatten(1)) + self.config.beta * gaussian_kl(mean, log_variance)

    def phases(self, batches: Batches, training: Training) -> Iterator[Phase]:
        """Trains both networks, then fits the prior, where it is a mixture."""
        yield self.phase(batches, training)
        if self.prior:
            yield Fit("prior", self, batches, self._fit_prior)

    def _fit_prior(self, examples: Examples, rng: torch.Generator) -> None:
        """Fits the prior to one code an image, drawn from its posterior; images count alike, whatever their weights."""
        assert self.prior is not None
        mean, log_variance = self.encode(examples.x)
        noise = torch.randn(mean.shape, generator=rng, device=mean.device)
        self.prior.fit(mean + noise * (0.5 * log_variance).exp(), rng)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Decodes ``n`` draws from the prior to pixel probabilities, (n, C, H, W) float32 in [0, 1]."""
        if self.prior:
            latent = self.prior.sample(n, rng)
        else:
            latent = torch.randn((n, self.config.latent_dim), generator=rng, device=rng.device)
        images: Tensor = self.decoder(latent).float().sigmoid().view(n, *self.shape)
        return images

    def active_units(self, x: Tensor) -> int:
        """Number of latent variables that carry information about the images (arXiv 1509.00519, section 5.2)."""
        with torch.no_grad():
            mean, _ = self.encode(x)
        return int((mean.float().var(dim=0, correction=0) > ACTIVE_VARIANCE).sum())

    def problems(self, x: Tensor) -> Sequence[str]:
        """Names a posterior collapse."""
        if self.active_units(x):
            return ()
        return (f"posterior collapse: none of the {self.config.latent_dim} latent units is active",)
