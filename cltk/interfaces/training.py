"""How long and with which optimizer a network is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from cltk.config import Settings

__all__ = ["Training"]


class Training(Settings):
    """A budget and an optimizer."""

    epochs: PositiveInt = Field(default=5, description="passes over the task's data")
    min_steps: NonNegativeInt = Field(
        default=300, description="train for more epochs where they hold fewer steps than this"
    )
    steps: PositiveInt | None = Field(
        default=None, description="train for exactly so many steps, whatever epochs and min_steps say"
    )
    batch_size: PositiveInt = Field(default=128, description="samples of the current task in a batch")
    optimizer: Literal["adam", "sgd"] = Field(default="adam", description="Adam, or SGD with momentum")
    lr: PositiveFloat = Field(default=1e-3, description="learning rate")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="of SGD; Adam has its own")
    lr_schedule: Literal["constant", "linear", "cosine"] = Field(
        default="constant", description="course of the learning rate in a phase; all but constant end at 0"
    )
    weight_decay: NonNegativeFloat = Field(default=1e-5, description="L2 penalty on what has a gradient")
    reset_optimizer: bool = Field(
        default=True, description="begin each task with a fresh optimizer; false goes on with its moments"
    )

    def without_effect(self) -> Mapping[str, str]:
        """Epochs beside an exact number of steps, and the momentum of another optimizer."""
        length = f"steps = {self.steps} says how long to train"
        timed = {} if self.steps is None else {"epochs": length, "min_steps": length}
        return timed if self.optimizer == "sgd" else {**timed, "momentum": f"the optimizer is {self.optimizer}"}

    def rounds(self, steps: int) -> int:
        """Number of epochs of ``steps`` steps each that the budget allows; the last one may be cut short."""
        if self.steps is not None and steps:
            return math.ceil(self.steps / steps)
        return max(self.epochs, math.ceil(self.min_steps / steps)) if steps else 0

    def total_steps(self, steps: int) -> int:
        """Number of steps that the budget allows, where an epoch has ``steps``."""
        return self.steps if self.steps is not None and steps else self.rounds(steps) * steps

    def lr_at(self, progress: float) -> float:
        """The learning rate at ``progress`` in [0, 1] of a phase; for ``cosine`` see arXiv 1608.03983."""
        match self.lr_schedule:
            case "constant":
                return self.lr
            case "linear":
                return self.lr * (1 - progress)
            case "cosine":
                return self.lr * 0.5 * (1 + math.cos(math.pi * progress))
