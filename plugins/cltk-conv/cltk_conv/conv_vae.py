"""A convolutional variational autoencoder."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from cltk.config import Settings, Sizes
from cltk.interfaces import Dimension, Generator, Info, IntRange
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk_conv.pyramid import halved

__all__ = ["ConvVAE"]


class ConvVAE(Generator):
    """A variational autoencoder whose networks are convolutional; Bernoulli likelihood of each pixel.

    Source: Kingma & Welling 2014, arXiv 1312.6114; convolutions with stride 2 each way as of Radford, Metz & Chintala
    2016, arXiv 1511.06434.
    Deviations: no batch normalisation, which would mix current and replayed samples; ReLU in the encoder too.
    """

    class Config(Settings):
        """Size."""

        channels: Sizes = Field(
            default=(32, 64), min_length=1, description="channels of the encoder's layers, each of which halves the image"
        )
        latent_dim: PositiveInt = Field(default=50, description="number of latent variables")

    config: Config

    def __init__(self, config: Config, info: Info) -> None:
        super().__init__()
        self.config, self.shape = config, info.shape
        pixels, *_, (*_, top) = info.shape, *config.channels
