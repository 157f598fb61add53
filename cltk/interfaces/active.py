"""Which output units compete while there are classes to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from cltk.interfaces.component import ScenarioInfo

__all__ = ["Active", "ActiveUnits"]

Active = Literal["all", "so-far"]
"""Which output units compete in the class-incremental setting: all of them, or those of the classes so far."""


class ActiveUnits:
    """The output units that compete, as far as the tasks went.

    Args:
        info: What the scenario says of itself.
        active: The units that compete in the class-incremental setting; in the others, all do.
        device: Where the logits are.
    """

    def __init__(self, info: ScenarioInfo, active: Active, device: torch.device) -> None:
        limited = active == "so-far" and info.setting == "class"
        self._inactive = torch.ones(info.outputs, dtype=torch.bool, device=device) if limited else None

    def add(self, classes: Sequence[int]) -> None:
        """Makes the units of the classes of a task that begins active."""
        if self._inactive is not None:
            self._inactive[list(classes)] = False

    def competing(self, logits: Tensor) -> Tensor:
        """The logits (B, K), minus infinity for units that are not active yet."""
        return logits if self._inactive is None else logits.masked_fill(self._inactive, float("-inf"))
