"""Fine-tuning: training on without any means against forgetting."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cltk.config import Settings
from cltk.interfaces import Phase, Published, Shuffled, Strategy, Streams, Task, Training

__all__ = ["Finetune"]


class Finetune(Strategy):
    """Trains the classifier on each task as it comes. The lower bound: it forgets.

    Source: "none" in van de Ven & Tolias 2018, arXiv 1809.10635, table 2.

    Deviations: none.
    """

    published = (
        Published(
            "class-incremental Split MNIST",
            0.1990,
            "van de Ven & Tolias 2018, arXiv 1809.10635",
            study="published-split-mnist",
            cell="fine-tuning",
        ),
    )

    class Config(Settings):
        """The classifier's budget."""

        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields one phase, on the task's own samples."""
        training = self.config.classifier
        yield self.classifier_phase(Shuffled(task.train, training.batch_size), training)
