"""A small variational autoencoder for each class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings, Sizes
from cltk.errors import ConfigError, PluginError
from cltk.interfaces import (
    Batches,
    ConditionalGenerator,
    Dimension,
    Examples,
    Fit,
    IntRange,
    Phase,
    ScenarioInfo,
    Train,
    Training,
)
from cltk_vae.elbo import bernoulli_nll, gaussian_kl
from cltk_vae.packed import Bits, pack
from cltk_vae.perceptron import perceptron
from cltk_vae.prior import Prior

__all__ = ["ClassVAE"]

CODES = 64
"""Codes that the likelihood of an image is estimated from."""


class ClassVAE(ConditionalGenerator):
    """A variational autoencoder for each class, trained on that class alone and frozen when its task is over.

    What is kept of a class is its decoder, and a mixture of Gaussians that is fitted to its codes; the encoder is
    dropped. Nothing that was learned drifts, as no decoder is trained on samples of its own. With its defaults on 28x28
    images: 103,312 parameters and 2,731 numbers of the prior for each class. Classes are drawn evenly.

    Source: van de Ven, Li & Tolias 2021, arXiv 2104.10093, for a VAE a class; Ghosh et al. 2020, arXiv 1903.12436, for
    the prior; von Oswald et al. 2020, arXiv 1906.00695, for decoders that are protected instead of replayed.

    Deviations: none of them combines these; decoders are apart, where arXiv 1906.00695 has one hypernetwork.
    """

    class Config(Settings):
        """Size of the model of a class."""

        hidden: Sizes = Field((128,), description="units of the encoder's hidden layers; the decoder mirrors them")
        latent_dim: PositiveInt = Field(16, description="number of latent variables")
        mixture: NonNegativeInt = Field(
            10, description="Gaussians of the prior that is fitted to the codes of a class; 0 for the standard normal"
        )
        bits: Bits = Field(
            32,
            # Left out, as in configurations of before there was a choice.
            exclude_if=lambda value: value == 32,
            description="those that a weight of a decoder is kept in, when its class is learned",
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        labels = [label for classes in info.classes for label in classes]
        if len(set(labels)) < len(labels):
            raise ConfigError(
                "A model a class is trained once, but tasks of this scenario share classes.",
                "Choose another generator, or a scenario in which each class belongs to one task.",
            )
        self.shape = info.shape
        self.pixels = info.pixels
        self.decoders = nn.ModuleDict()
        self.priors = nn.ModuleDict()
        # In a plain mapping, as they are no part of what is kept.
        self._encoders: dict[str, nn.Module] = {}
        self.register_load_state_dict_pre_hook(_pack_as_in_state)  # type: ignore[no-untyped-call]

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """The number of latent variables."""
        return {"latent_dim": IntRange(4, 64, log=True)}

    def begin_task(self, classes: Sequence[int]) -> None:
        """Makes a model of each class that is new."""
        hidden, latent = self.config.hidden, self.config.latent_dim
        for label in map(str, classes):
            if label not in self.decoders:
                self._encoders[label] = perceptron(self.pixels, *hidden, 2 * latent)
                self.decoders[label] = perceptron(latent, *reversed(hidden), self.pixels)
                self.priors[label] = Prior(self.config.mixture, latent)

    def phases(self, batches: Batches, training: Training) -> Iterator[Phase]:
        """Trains the models of new classes, fits their priors, and drops their encoders."""
        new = {label: encoder for label, encoder in self._encoders.items() if not self._prior(label).fitted}
        self._encoders = new
        if new:
            yield self.phase(batches, training)
            yield Fit("prior", self, batches, self._fit_priors)
        self._encoders = {}

    def phase(self, batches: Batches, training: Training) -> Phase:
        """Lowers the bound of each new class on its own images; others are passed over."""
        device = next(self.decoders.parameters()).device
        encoders = {label: encoder.to(device) for label, encoder in self._encoders.items()}
        trained = nn.ModuleDict({label: nn.ModuleList([encoders[label], self.decoders[label]]) for label in encoders})

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            of_class = [(batch.y == int(label)).nonzero().flatten() for label in encoders]
            rows = torch.cat(of_class)
            bounds = self._bounds(encoders, batch.x.flatten(1)[rows], [len(part) for part in of_class], rng)
            return batch.x.new_zeros(len(batch)).index_put((rows,), bounds)

        return Train("generator", trained, batches, loss, training)

    def _bounds(self, encoders: Mapping[str, nn.Module], x: Tensor, sizes: list[int], rng: torch.Generator) -> Tensor:
        """The negative evidence lower bounds of flat images (B, P), so many of each class in turn, (B,) nats."""
        parts = zip(encoders.values(), torch.split(x, sizes), strict=True)
        mean, log_variance = torch.cat([encoder(part) for encoder, part in parts]).float().chunk(2, dim=1)
        noise = torch.randn(mean.shape, generator=rng, device=x.device)
        codes = torch.addcmul(mean, noise, (0.5 * log_variance).exp())
        logits = [self.decoders[label](part) for label, part in zip(encoders, torch.split(codes, sizes), strict=True)]
        return bernoulli_nll(torch.cat(logits), x) + gaussian_kl(mean, log_variance)

    def _fit_priors(self, examples: Examples, rng: torch.Generator) -> None:
        """Fits the prior of each new class to one code an image, drawn from its posterior."""
        for label, encoder in self._encoders.items():
            x = examples.x[examples.y == int(label)].flatten(1)
            mean, log_variance = encoder(x).chunk(2, dim=1)
            noise = torch.randn(mean.shape, generator=rng, device=x.device)
            self._prior(label).fit(mean + noise * (0.5 * log_variance).exp(), rng)
            self.pack(label)

    def pack(self, label: str) -> None:
        """Keeps the decoder of a class in the bits of the configuration, as it is not trained any more."""
        decoder = self.decoders[label]
        assert isinstance(decoder, nn.Sequential)
        self.decoders[label] = pack(decoder, self.config.bits)

    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """Minus log p(x | y), estimated from codes drawn from the prior: no less than it on average.

        Args:
            x: (B, C, H, W) float32 in [0, 1].
            y: (B,) int64 labels; pixels of a class without a model are taken for fair coins.
            rng: Source of the codes.

        Returns:
            (B,) nats per sample.
        """
        losses = x.new_full((len(x),), self.pixels * math.log(2))
        for label in sorted({*y.tolist()} & {*map(int, self.decoders)}):
            rows = (y == label).nonzero().flatten()
            logits = self._logits(str(label), CODES, rng)
            # Of B images under S codes, (B, S), as matrix products over the pixels.
            likelihood = x[rows].flatten(1) @ logits.T - nn.functional.softplus(logits).sum(1)
            losses = losses.index_put((rows,), math.log(CODES) - likelihood.float().logsumexp(1))
        return losses

    def sample_labelled(self, n: int, rng: torch.Generator) -> Examples:
        """Draws learned classes evenly, then an image of each: the probabilities of its pixels.

        Raises:
            PluginError: There is no class yet.
        """
        known = [int(label) for label in self.decoders if self._prior(label).fitted] or [*map(int, self.decoders)]
        if not known:
            raise PluginError("class-vae has no class to draw yet.", "Tell it of one by begin_task.")
        chosen = torch.randint(len(known), (n,), generator=rng, device=rng.device)
        labels = torch.tensor(known, device=rng.device)[chosen]
        return Examples(self.sample_of(labels, rng), labels)

    def sample_of(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Draws an image of each of these classes: the probabilities of its pixels."""
        order = labels.argsort(stable=True)
        known, counts = torch.unique_consecutive(labels[order], return_counts=True)
        drawn = [self._logits(str(label), n, rng) for label, n in zip(known.tolist(), counts.tolist(), strict=True)]
        images = torch.empty((len(labels), self.pixels), device=rng.device)
        if drawn:
            images[order] = torch.cat(drawn).float().sigmoid()
        return images.view(len(labels), *self.shape)

    def _logits(self, label: str, n: int, rng: torch.Generator) -> Tensor:
        """Those of the pixels of ``n`` images of a class, (n, P)."""
        logits: Tensor = self.decoders[label](self._prior(label).sample(n, rng))
        return logits

    def _prior(self, label: str) -> Prior:
        prior = self.priors[label]
        assert isinstance(prior, Prior)
        return prior


def _pack_as_in_state(generator: ClassVAE, state: Mapping[str, Tensor], prefix: str, *_: object) -> None:
    """Before a state is loaded, packs the decoders that are packed in it."""
    for label in generator.decoders:
        if state.get(f"{prefix}priors.{label}.fitted"):
            generator.pack(label)
