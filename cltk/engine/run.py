"""All that one run needs, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from cltk.evaluate import Part
from cltk.interfaces import ScenarioInfo, Strategy, Streams, Task

__all__ = ["Precision", "Run"]

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, slots=True)
class Run:
    """A strategy, the tasks that it will learn, and how.

    Attributes:
        info: What the scenario says of itself.
        tasks: The tasks in order, on the device of the strategy.
        strategy: What is trained on what.
        streams: Where all randomness comes from.
        part: Which part of the data accuracy is measured on.
        precision: ``fp32``, or ``bf16`` for bfloat16 autocast in training.
        stop_on_divergence: Whether a loss that is not finite ends the run; else it is a warning.
    """

    info: ScenarioInfo
    tasks: Sequence[Task]
    strategy: Strategy
    streams: Streams
    part: Part = "test"
    precision: Precision = "fp32"
    stop_on_divergence: bool = True

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.streams.device
