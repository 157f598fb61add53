"""The one network: a variational autoencoder that classifies, too."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cltk.interfaces import ScenarioInfo
from cltk_feedback.decoder import Decoder
from cltk_feedback.priors import Prior

__all__ = ["FeedbackNetwork"]

ACTIVE_VARIANCE = 0.01
"""A latent unit is active if its posterior mean varies more than this over the data (arXiv 1509.00519, section 5.2)."""


class FeedbackNetwork(nn.Module):
    """An encoder whose last hidden layer leads to a classifier and to latent variables, and a decoder back to pixels.

    Args:
        info: What the scenario says of itself.
        hidden: Units of the encoder's hidden layers.
        prior: Of the latent variables.
        decoder: From the latent variables to the pixels.
        latent_dim: Number of latent variables L.
        shares_encoder: Whether the classifier reads the encoder; else it has hidden layers of its own.
    """

    def __init__(
        self,
        info: ScenarioInfo,
        hidden: tuple[int, ...],
        prior: Prior,
        decoder: Decoder,
        latent_dim: int,
        *,
        shares_encoder: bool = True,
    ) -> None:
        super().__init__()
        self.shape = info.shape
        self.encoder = _hidden_layers(info.pixels, *hidden)
        self.own_layers = None if shares_encoder else _hidden_layers(info.pixels, *hidden)
        self.classifier = nn.Linear(hidden[-1], info.outputs)
        self.mean = nn.Linear(hidden[-1], latent_dim)
        self.log_variance = nn.Linear(hidden[-1], latent_dim, bias=False)
        self.prior = prior
        self.decoder = decoder

    def classify(self, x: Tensor) -> Tensor:
        """Scores every class: (B, C, H, W) in [0, 1] to (B, K) logits."""
        layers = self.encoder if self.own_layers is None else self.own_layers
        logits: Tensor = self.classifier(layers(x.flatten(1)))
        return logits

    def forward(self, x: Tensor, targets: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Classifies images, and tries to reconstruct them.

        Args:
            x: (B, C, H, W) float32 in [0, 1].
            targets: (B, K) how probable each class is.
            rng: Source of the posterior samples.

        Returns:
            (B, K) logits, and the negative evidence lower bound in nats per sample, (B,), from one sample of the
            posterior and with a Bernoulli likelihood of each pixel.
        """
        pixels = x.flatten(1)
        hidden = self.encoder(pixels)
        logits = self.classifier(hidden if self.own_layers is None else self.own_layers(pixels))
        mean, log_variance = self.mean(hidden).float(), self.log_variance(hidden).float()
        z = mean + (0.5 * log_variance).exp() * torch.randn(mean.shape, generator=rng, device=x.device)
        decoded = self.decoder(z, targets).float()
        reconstruction = F.binary_cross_entropy_with_logits(decoded, pixels, reduction="none").sum(1)
        return logits, reconstruction + self.prior.divergence(z, mean, log_variance, targets)

    def sample(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Draws an image for each label, which matters where prior or decoder are conditional.

        Args:
            labels: (n,) int64.
            rng: The source of all randomness.

        Returns:
            (n, C, H, W) float32 in [0, 1]: pixel probabilities.
        """
        targets = F.one_hot(labels, self.classifier.out_features).float()
        images: Tensor = self.decoder(self.prior.sample(labels, rng), targets).float().sigmoid()
        return images.view(len(labels), *self.shape)

    @property
    def is_conditional(self) -> bool:
        """Whether an image is drawn from a class."""
        return self.prior.is_conditional or self.decoder.is_gated

    @torch.no_grad()
    def active_units(self, x: Tensor) -> int:
        """Number of latent variables that carry information about images (arXiv 1509.00519, section 5.2)."""
        means = self.mean(self.encoder(x.flatten(1))).float()
        return int((means.var(dim=0, correction=0) > ACTIVE_VARIANCE).sum())


def _hidden_layers(*sizes: int) -> nn.Sequential:
    """Linear layers of these sizes, each with ReLU."""
    layers = [layer for pair in pairwise(sizes) for layer in (nn.Linear(*pair), nn.ReLU(inplace=True))]
    return nn.Sequential(*layers)
