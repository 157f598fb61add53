"""How long and with which optimizer a network is trained."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import nn

from cltk.config import Settings

__all__ = ["Training"]


class Training(Settings):
    """A budget and an optimizer. Every phase starts with a fresh optimizer."""

    epochs: PositiveInt = Field(default=5, description="passes over the task's data")
    min_steps: NonNegativeInt = Field(
        default=300, description="train for more epochs where they hold fewer steps than this"
    )
    batch_size: PositiveInt = Field(default=128, description="samples of the current task in a batch")
    optimizer: Literal["adam", "sgd"] = Field(default="adam", description="Adam, or SGD with momentum 0.9")
    lr: PositiveFloat = Field(default=1e-3, description="learning rate")
    lr_schedule: Literal["constant", "cosine"] = Field(
        default="constant", description="course of the learning rate in a phase"
    )
    weight_decay: NonNegativeFloat = Field(default=1e-5, description="L2 penalty on what has a gradient")

    def rounds(self, steps: int) -> int:
        """Number of epochs of ``steps`` steps each that the budget allows."""
        return max(self.epochs, math.ceil(self.min_steps / steps)) if steps else 0

    def work(self, module: nn.Module, samples: int, steps: int) -> int:
        """Estimated operations, six a parameter and sample as in dense layers, where an epoch has ``samples``."""
        return 6 * sum(parameter.numel() for parameter in module.parameters()) * samples * self.rounds(steps)

    def lr_at(self, progress: float) -> float:
        """The learning rate at ``progress`` in [0, 1] of a phase; ``cosine`` ends at 0 (arXiv 1608.03983)."""
        if self.lr_schedule == "constant":
            return self.lr
        return self.lr * 0.5 * (1 + math.cos(math.pi * progress))
