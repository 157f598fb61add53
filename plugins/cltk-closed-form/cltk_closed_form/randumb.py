"""RanDumb: random Fourier features and streaming linear discriminant analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk.interfaces import Phase, Published, Streams, Task
from cltk_closed_form.slda import SLDA

__all__ = ["FourierFeatures", "RanDumb"]


class FourierFeatures(nn.Module):
    """Random features whose inner products approximate a Gaussian kernel; a seed regenerates all but the bandwidth.

    Source: Rahimi & Recht 2007, "Random features for large-scale kernel machines".

    Args:
        pixels: Number of values of an image.
        features: Number of features D.
    """

    frequencies: Tensor
    phases: Tensor
    gamma: Tensor

    def __init__(self, pixels: int, features: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.randn(pixels, features), persistent=False)
        self.register_buffer("phases", torch.rand(features) * 2 * math.pi, persistent=False)
        self.register_buffer("gamma", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Turns images (B, C, H, W) into features (B, D) in [-sqrt(2), sqrt(2)]."""
        angles = torch.addmm(self.phases, x.flatten(1), self.frequencies * (2 * self.gamma).sqrt())
        return math.sqrt(2) * angles.cos()


class RanDumb(SLDA):
    """Embeds images into random Fourier features, which are never trained, and fits a discriminant to them in one pass.

    The closed form that every generator must be compared with: it stores no sample and forgets nothing.

    Source: Prabhu et al. 2024, arXiv 2402.08823.

    Deviations: the bandwidth is 1 / (number of values * their variance), the variance being that of the first task's
    training data alone; the paper's code takes it from a library's default over all data. The covariance shrinks by a
    fixed share, and classes count alike; the code estimates the share (OAS) and weighs classes by their frequency.
    """

    published = (
        Published(
            "class-incremental Split MNIST, 4,000 features here and 25,000 there",
            0.983,
            "Prabhu et al. 2024, arXiv 2402.08823",
            study="published-split-mnist",
            cell="RanDumb, 4,000 features",
        ),
    )

    class Config(SLDA.Config):
        """Size of the embedding."""

        features: PositiveInt = Field(1480, description="number of random features D; D * (D + 1) / 2 numbers are kept")

    config: Config
    embedding: FourierFeatures

    @property
    def dimension(self) -> int:
        """Number of features D."""
        return self.config.features

    def make_embedding(self) -> nn.Module:
        """Draws the frequencies."""
        return FourierFeatures(self.info.pixels, self.config.features)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Chooses the bandwidth at the first task, then takes the task's samples in."""
        if task.index == 0:
            # Data that do not vary have no bandwidth; any will do for them.
            self.embedding.gamma.copy_(1 / (self.info.pixels * task.train.x.var().clamp_min(1e-12)))
        yield from super().phases(task, streams)
