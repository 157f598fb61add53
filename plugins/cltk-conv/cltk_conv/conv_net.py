"""A convolutional classifier."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings, Sizes
from cltk.interfaces import Classifier, Dimension, FloatRange, IntRange, ScenarioInfo

__all__ = ["ConvNet"]


class ConvNet(Classifier):
    """Convolutions with ReLU and pooling, a hidden layer with dropout, and a linear layer on top.

    Source: LeCun, Bottou, Bengio & Haffner 1998, DOI 10.1109/5.726791.
    Deviations: kernels of 3x3, ReLU, maximum pooling and dropout, as is usual now.
    """

    has_features = True

    class Config(Settings):
        """Size and regularisation."""

        channels: Sizes = Field(
            default=(16, 32), min_length=1, description="channels of the layers, each halves the image"
        )
        hidden: PositiveInt = Field(default=100, description="units of the hidden layer")
        dropout: float = Field(
            default=0.1, ge=0, lt=1, description="share of hidden units that are dropped in training"
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        channels, height, width = info.shape
        layers: list[nn.Module] = []
        for before, after in pairwise((channels, *config.channels)):
            layers += [nn.Conv2d(before, after, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)]
        scale = 2 ** len(config.channels)
        flat = config.channels[-1] * math.ceil(height / scale) * math.ceil(width / scale)
        head = (nn.Flatten(), nn.Linear(flat, config.hidden), nn.ReLU(), nn.Dropout(config.dropout))
        self.layers = nn.Sequential(*layers, *head, nn.Linear(config.hidden, info.outputs))

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """The hidden layer."""
        return {"hidden": IntRange(25, 400, log=True), "dropout": FloatRange(0.0, 0.5)}

    @property
    def head(self) -> nn.Module:  # type: ignore[override]
        """The linear layer on top."""
        return self.layers[-1]

    def features(self, x: Tensor) -> Tensor:
        """The hidden layer: (B, C, H, W) in [0, 1] to (B, F)."""
        features: Tensor = self.layers[:-1](x)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Scores every class: (B, C, H, W) in [0, 1] to (B, K) logits."""
        logits: Tensor = self.layers(x)
        return logits
