"""The multi-layer perceptron."""

from __future__ import annotations

from itertools import pairwise

from pydantic import Field
from torch import Tensor, nn

from cltk.config import Settings, Sizes
from cltk.interfaces import Classifier, ScenarioInfo
from cltk_mlp.dropout import Dropout

__all__ = ["MLP"]


class MLP(Classifier):
    """Fully connected layers with ReLU and dropout, and a linear layer on top.

    With its defaults on 28x28 images and 10 classes: 42,310 parameters.

    Source: genovese-2024, "Deep Generative view on continual learning", section 2.2: two hidden layers of 50 units,
    dropout with probability 0.1.

    Deviations: none known; the report does not say where dropout is applied, here it follows each hidden layer.
    """

    has_features = True

    class Config(Settings):
        """Size and regularisation."""

        hidden: Sizes = Field((50, 50), description="units of each hidden layer")
        dropout: float = Field(0.1, ge=0, lt=1, description="share of hidden units that are dropped in training")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        layers: list[nn.Module] = [nn.Flatten()]
        sizes = (info.pixels, *config.hidden)
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True), Dropout(config.dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], info.outputs))

    @property
    def head(self) -> nn.Module:  # type: ignore[override]
        """The linear layer on top."""
        return self.layers[-1]

    def features(self, x: Tensor) -> Tensor:
        """The last hidden layer: (B, C, H, W) in [0, 1] to (B, F)."""
        features: Tensor = self.layers[:-1](x)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Scores every class: (B, C, H, W) in [0, 1] to (B, K) logits."""
        logits: Tensor = self.layers(x)
        return logits
