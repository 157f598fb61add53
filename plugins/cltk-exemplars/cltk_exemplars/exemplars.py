"""The exemplars of each class, in the order of their importance."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from cltk.interfaces import Examples, ScenarioInfo, to_stored, to_values

__all__ = ["Exemplars"]


class Exemplars:
    """Images of each class, stored as a ``Buffer`` does, the most important ones of a class first.

    Args:
        info: What the scenario says of itself.
        device: Where they are stored.
    """

    def __init__(self, info: ScenarioInfo, device: torch.device) -> None:
        self._value_bytes = info.value_bytes
        self._x = to_stored(torch.empty((0, *info.shape), device=device), info.value_bytes)
        self._y = torch.empty(0, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self._y)

    @property
    def bytes(self) -> int:
        """Bytes stored, images and labels."""
        return self._x.nbytes + self._y.nbytes

    def add(self, examples: Examples) -> None:
        """Stores samples, the most important ones of each class first, of classes that have none yet."""
        self._x = torch.cat([self._x, to_stored(examples.x, self._value_bytes)])
        self._y = torch.cat([self._y, examples.y])

    def reduce(self, count: int) -> None:
        """Gives up all but the ``count`` most important ones of each class."""
        earlier = (self._y[:, None] == self._y).tril(-1).sum(1)
        self._x, self._y = self._x[earlier < count], self._y[earlier < count]

    def all(self) -> Examples:
        """Everything that is stored, as float32 in [0, 1]."""
        return Examples(to_values(self._x), self._y)

    def state_dict(self) -> dict[str, Tensor]:
        """What is stored."""
        return {"x": self._x, "y": self._y}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave."""
        self._x, self._y = state["x"], state["y"]
