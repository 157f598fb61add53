"""Cumulative training: go on with all data so far."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cltk.config import Settings
from cltk.interfaces import Buffer, Parts, Phase, ScenarioInfo, Shuffled, Strategy, Streams, Task, Training

__all__ = ["Cumulative"]


class Cumulative(Strategy):
    """Goes on training the classifier on the data of all tasks so far, which are stored and count in bytes.

    Its cost is that of joint training: what it trains on grows with the tasks. It does not start over.

    Source: "cumulative" in Lomonaco & Maltoni 2017, arXiv 1705.03550.

    Deviations: images are stored as bytes, which rounds their pixels.
    """

    class Config(Settings):
        """The classifier's budget."""

        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config
    buffer: Buffer

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.buffer = Buffer(sum(info.sizes), info, self.device)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Stores the task, and yields one phase on all that is stored."""
        training = self.config.classifier
        self.buffer.add(task, streams)
        yield self.classifier_phase(Shuffled(self.buffer.all(), training.batch_size), training)
