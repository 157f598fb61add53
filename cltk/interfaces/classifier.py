"""The classifier: the model that must not forget."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces.component import Component, ScenarioInfo

__all__ = ["Classifier"]


class Classifier(nn.Module, Component, ABC):
    """Tells classes apart. Built as ``Classifier(config, info)``.

    Attributes:
        has_features: Whether it has ``features`` and a ``head``, as many strategies need it.
        head: From features to logits, where it has features.
    """

    has_features: ClassVar[bool] = False
    head: nn.Module

    def __init__(self, config: Settings | None = None, info: ScenarioInfo | None = None) -> None:
        super().__init__()
        if config is not None:
            self.config = config

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Scores every class.

        Args:
            x: (B, C, H, W) float32 in [0, 1].

        Returns:
            (B, K) logits, one for each of ``info.outputs`` units.
        """

    def features(self, x: Tensor) -> Tensor:
        """What the last layer sees, so that ``forward(x)`` is ``head(features(x))``.

        Args:
            x: (B, C, H, W) float32 in [0, 1].

        Returns:
            (B, F).

        Raises:
            ConfigError: It has no features.
        """
        raise ConfigError(
            f"The strategy needs the features of its classifier, and {type(self).__name__} offers none.",
            "Choose a classifier whose has_features is True, such as mlp or conv-net.",
        )

    def begin_task(self, classes: Sequence[int]) -> None:
        """Is told which classes the next task has, before it is trained on them; nothing happens by default.

        A network may grow here. Layers that it adds are initialised from the global generator, and moved to the device.
        """
