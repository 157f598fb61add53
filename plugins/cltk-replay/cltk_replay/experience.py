"""Experience replay from a buffer of stored images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, PositiveInt

from cltk.config import Settings
from cltk.interfaces import (
    Buffer,
    Drawn,
    Examples,
    Parts,
    Phase,
    Replay,
    ScenarioInfo,
    Strategy,
    Streams,
    Task,
    Training,
    draw_amount,
    mix_replay,
    require_capacity,
    total,
)

__all__ = ["ExperienceReplay"]


class ExperienceReplay(Strategy):
    """Trains a classifier on the current task and on stored images of the earlier ones.

    The buffer holds as many images of each class as there is room for and is filled when a task is over.

    Source: Rolnick et al. 2019, arXiv 1811.11682; Chaudhry et al. 2019, arXiv 1902.10486, for the class-balanced
    buffer.

    Deviations: how many samples are replayed, and with which weight, is up to the schedule and to ``replay``, as in
    generative replay, so that both can be compared.
    """

    slots = ("classifier", "schedule")

    class Config(Settings):
        """Buffer, replay and the classifier's budget."""

        buffer: PositiveInt = Field(500, description="number of stored images k")
        replay: Replay = Field(Replay(), description="how replayed samples join the task")
        images: Literal["real", "drawn"] = Field(
            "real",
            exclude_if=lambda value: value == "real",
            description="learn images as they are, or with each pixel drawn as 0 or 1 by its grey value",
        )
        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config
    buffer: Buffer

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        require_capacity(config.buffer, info)
        self.buffer = Buffer(config.buffer, info, self.device)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the classifier's phase, then stores a part of the task."""
        training, replay = self.config.classifier, self.config.replay
        amount, draw = self.scheduled(task.index, len(task.train)), self.buffer.draw
        weights = replay.weights(task.index, len(task.train), total(amount))
        source = draw_amount(draw, amount, streams.generator("replay")) if replay.refresh == "task" else draw
        batches = mix_replay(task.train, source, amount, training.batch_size, weights)
        yield self.classifier_phase(Drawn(batches) if self.config.images == "drawn" else batches, training)
        self.buffer.add(task, streams)

    def replay_count(self, completed: int, current: int) -> int:
        """What the schedule says; 0 at the first task."""
        return total(self.scheduled(completed, current))

    def preview(self, n: int, streams: Streams) -> Examples:
        """Samples of the buffer as it is now."""
        return self.buffer.draw(n, streams.generator("preview"))
