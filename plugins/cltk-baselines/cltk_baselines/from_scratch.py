"""What GDumb and joint training share: store, forget everything learned, train on what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces import (
    Batches,
    Buffer,
    Classifier,
    Drawn,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Train,
    Training,
)

__all__ = ["FromScratch", "Images"]

Images = Literal["real", "drawn"]
"""Images as they are, or with each pixel drawn anew every time, as 0 or 1 with the probability of its grey value."""


class FromScratch(Strategy):
    """Keeps a buffer, and trains the classifier from its initial weights on all of it at each task.

    Raises:
        ConfigError: The classifier grows with the tasks, so that it has no initial weights for all of them.
    """

    buffer: Buffer

    def __init__(
        self, config: Settings, info: ScenarioInfo, parts: Parts, capacity: int, training: Training, images: Images
    ) -> None:
        super().__init__(config, info, parts)
        if type(parts.classifier).begin_task is not Classifier.begin_task:
            raise ConfigError(
                "The classifier grows with the tasks, and this strategy trains it from its initial weights each time.",
                "Choose another classifier, or a strategy that goes on from the task before.",
            )
        self.buffer = Buffer(capacity, info, self.device)
        self.training = training
        self.images = images
        self._initial = {name: tensor.clone() for name, tensor in parts.classifier.state_dict().items()}

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Stores the task, or a part of it, and yields one phase on all that is stored."""
        self.buffer.add(task, streams)
        self.parts.classifier.load_state_dict(self._initial)
        batches = Shuffled(self.buffer.all(), self.training.batch_size)
        yield self.training_phase(Drawn(batches) if self.images == "drawn" else batches)

    def training_phase(self, batches: Batches) -> Train:
        """The phase that trains on what is stored."""
        return self.classifier_phase(batches, self.training)
