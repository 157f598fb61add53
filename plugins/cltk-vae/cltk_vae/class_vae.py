"""A small variational autoencoder for each class."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from pydantic import Field, NonNegativeInt, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings, Sizes
from cltk.errors import PluginError
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
    images: 103,312 parameters and 2,731 numbers of the prior for each class. A class that comes back in a later task
    gets another such model there. Classes are drawn evenly, and so are the models of a class.

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
        self._tasks = info.classes
        self._begun = 0
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
        """Makes a model of each class that is new, and of each that comes back."""
        self._begun += 1
        hidden, latent = self.config.hidden, self.config.latent_dim
        for label in classes:
            times = sum(label in earlier for earlier in self._tasks[: self._begun])
            name = str(label) if times < 2 else f"{label}-{times}"
            if name not in self.decoders:
                self._encoders[name] = perceptron(self.pixels, *hidden, 2 * latent)
                self.decoders[name] = perceptron(latent, *reversed(hidden), self.pixels)
                self.priors[name] = Prior(self.config.mixture, latent)

    def phases(self, batches: Batches, training: Training) -> Iterator[Phase]:
        """Trains the models of new classes, fits their priors, and drops their encoders."""
        new = {name: encoder for name, encoder in self._encoders.items() if not self._prior(name).fitted}
        self._encoders = new
        if new:
            yield self.phase(batches, training)
            yield Fit("prior", self, batches, self._fit_priors)
        self._encoders = {}

    def phase(self, batches: Batches, training: Training) -> Phase:
        """Lowers the bound of each new class on its own images; others are passed over."""
        device = next(self.decoders.parameters()).device
        encoders = {name: encoder.to(device) for name, encoder in self._encoders.items()}
        trained = nn.ModuleDict({name: nn.ModuleList([encoders[name], self.decoders[name]]) for name in encoders})

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            of_class = [(batch.y == _label(name)).nonzero().flatten() for name in encoders]
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
        logits = [self.decoders[name](part) for name, part in zip(encoders, torch.split(codes, sizes), strict=True)]
        return bernoulli_nll(torch.cat(logits), x) + gaussian_kl(mean, log_variance)

    def _fit_priors(self, examples: Examples, rng: torch.Generator) -> None:
        """Fits the prior of each new class to one code an image, drawn from its posterior."""
        for name, encoder in self._encoders.items():
            x = examples.x[examples.y == _label(name)].flatten(1)
            mean, log_variance = encoder(x).chunk(2, dim=1)
            noise = torch.randn(mean.shape, generator=rng, device=x.device)
            self._prior(name).fit(mean + noise * (0.5 * log_variance).exp(), rng)
            self.pack(name)

    def pack(self, name: str) -> None:
        """Keeps a decoder in the bits of the configuration, as it is not trained any more."""
        decoder = self.decoders[name]
        assert isinstance(decoder, nn.Sequential)
        self.decoders[name] = pack(decoder, self.config.bits)

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
        for label in sorted({*y.tolist()} & {*map(_label, self.decoders)}):
            rows = (y == label).nonzero().flatten()
            logits = torch.cat([self._logits(name, CODES, rng) for name in self._models(label)])
            # Of B images under S codes, (B, S), as matrix products over the pixels.
            likelihood = x[rows].flatten(1) @ logits.T - nn.functional.softplus(logits).sum(1)
            losses = losses.index_put((rows,), math.log(len(logits)) - likelihood.float().logsumexp(1))
        return losses

    def sample_labelled(self, n: int, rng: torch.Generator) -> Examples:
        """Draws learned classes evenly, then an image of each: the probabilities of its pixels.

        Raises:
            PluginError: There is no class yet.
        """
        names = [name for name in self.decoders if self._prior(name).fitted] or [*self.decoders]
        known = [*dict.fromkeys(map(_label, names))]
        if not known:
            raise PluginError("class-vae has no class to draw yet.", "Tell it of one by begin_task.")
        chosen = torch.randint(len(known), (n,), generator=rng, device=rng.device)
        labels = torch.tensor(known, device=rng.device)[chosen]
        return Examples(self.sample_of(labels, rng), labels)

    def sample_of(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Draws an image of each of these classes: the probabilities of its pixels."""
        order = labels.argsort(stable=True)
        known, counts = torch.unique_consecutive(labels[order], return_counts=True)
        drawn = [self._logits_of(label, n, rng) for label, n in zip(known.tolist(), counts.tolist(), strict=True)]
        images = torch.empty((len(labels), self.pixels), device=rng.device)
        if drawn:
            images[order] = torch.cat(drawn).float().sigmoid()
        return images.view(len(labels), *self.shape)

    def _models(self, label: int) -> list[str]:
        """The names of the models of a class that are trained; of its only one, whether that is trained or not."""
        names = [name for name in self.decoders if _label(name) == label]
        return [name for name in names if self._prior(name).fitted] or names

    def _logits_of(self, label: int, n: int, rng: torch.Generator) -> Tensor:
        """Those of the pixels of ``n`` images of a class, (n, P), each of a model that is drawn."""
        names = self._models(label)
        if len(names) == 1:
            return self._logits(names[0], n, rng)
        chosen = torch.randint(len(names), (n,), generator=rng, device=rng.device)
        counts = torch.bincount(chosen, minlength=len(names)).tolist()
        drawn = torch.cat([self._logits(name, count, rng) for name, count in zip(names, counts, strict=True)])
        return drawn[chosen.argsort(stable=True).argsort()]  # In the order in which the models were drawn.

    def _logits(self, name: str, n: int, rng: torch.Generator) -> Tensor:
        """Those of the pixels of ``n`` images of a model, (n, P)."""
        logits: Tensor = self.decoders[name](self._prior(name).sample(n, rng))
        return logits

    def _prior(self, name: str) -> Prior:
        prior = self.priors[name]
        assert isinstance(prior, Prior)
        return prior


def _label(name: str) -> int:
    """The class of a model."""
    return int(name.partition("-")[0])


def _pack_as_in_state(generator: ClassVAE, state: Mapping[str, Tensor], prefix: str, *_: object) -> None:
    """Before a state is loaded, packs the decoders that are packed in it."""
    for name in generator.decoders:
        if state.get(f"{prefix}priors.{name}.fitted"):
            generator.pack(name)
