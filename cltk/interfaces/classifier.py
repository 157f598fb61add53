"""The classifier: the model that must not forget."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

from cltk.interfaces.component import Component

__all__ = ["Classifier"]


class Classifier(nn.Module, Component, ABC):
    """Tells classes apart. Built as ``Classifier(config, info)``.

    Attributes:
        capturable: Whether ``forward`` runs the same kernels for every batch of a shape and never waits for the device,
            as ``item()`` or a mask as an index would: then training steps become CUDA graphs on a GPU.
    """

    capturable: ClassVar[bool] = False

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Scores every class.

        Args:
            x: (B, C, H, W) float32 in [0, 1].

        Returns:
            (B, K) logits, one for each of ``info.outputs`` units.
        """
