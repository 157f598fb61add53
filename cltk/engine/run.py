"""All that one run needs, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from cltk.errors import ConfigError
from cltk.evaluate import Split
from cltk.interfaces import ScenarioInfo, Strategy, Streams, Task
from cltk.machine import Precision

__all__ = ["Run"]


@dataclass(frozen=True, slots=True)
class Run:
    """A strategy, the tasks that it will learn, and how.

    Attributes:
        info: What the scenario says of itself.
        tasks: The tasks in order, on the device of the strategy.
        strategy: What is trained on what.
        streams: Where all randomness comes from.
        split: Which part of the data accuracy is measured on.
        precision: ``fp32``, or ``bf16`` for bfloat16 autocast in training.
        threads: Number of threads to train with; None to leave it as it is.
        stop_on_divergence: Whether a loss that is not finite ends the run; else it is a warning.

    Raises:
        ConfigError: The schedule decides by validation data, of which a task has none.
    """

    info: ScenarioInfo
    tasks: Sequence[Task]
    strategy: Strategy
    streams: Streams
    split: Split = "test"
    precision: Precision = "fp32"
    threads: int | None = None
    stop_on_divergence: bool = True

    def __post_init__(self) -> None:
        if self.strategy.is_adaptive and not all(len(task.validation) for task in self.tasks):
            schedule = type(self.strategy.parts.schedule).__name__
            raise ConfigError(
                f"The schedule {schedule} decides by what came of validation data, and none is held out.",
                "Hold some out by scenario.validation, such as --scenario.validation 0.1, or choose another schedule.",
            )

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.streams.device
