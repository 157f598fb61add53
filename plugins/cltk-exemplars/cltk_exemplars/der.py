"""Dark experience replay: stored images keep the logits that they had when they were seen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F
from pydantic import Field, NonNegativeFloat, PositiveInt
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces import (
    Examples,
    Parts,
    Phase,
    Published,
    ScenarioInfo,
    Shuffled,
    Step,
    Strategy,
    Streams,
    Task,
    Training,
    make_optimizer,
    require_capacity,
)
from cltk_exemplars.reservoir import Reservoir

__all__ = ["DER"]


class DER(Strategy):
    """Trains on the task, and pulls the logits of stored images towards those that they had when they were stored.

    Every step of training shows its batch to a reservoir, which stores images with the logits of that step. DER++
    (``beta`` above 0) asks for the labels of stored images, too.

    Source: Buzzega et al. 2020, arXiv 2004.07211.

    Deviations: in the task-incremental setting the cross-entropy is taken within the classes of each task, where the
    paper trains as in the class-incremental one and only tests otherwise.
    """

    published = tuple(
        Published(
            f"class-incremental Split MNIST, DER++ with {images} stored images",
            value,
            "Buzzega et al. 2020, arXiv 2004.07211",
            study="published-split-mnist",
            cell=f"DER++, {images} images",
        )
        for images, value in (("200", 0.856), ("500", 0.910), ("5,120", 0.953))
    )

    class Config(Settings):
        """Buffer, the two penalties and the classifier's budget: on Split MNIST, by default the paper's."""

        buffer: PositiveInt = Field(200, description="number of stored images")
        alpha: NonNegativeFloat = Field(0.2, description="weight of the squared distance to the stored logits")
        beta: NonNegativeFloat = Field(
            0.0, description="weight of the cross-entropy of stored images; DER++ where above 0"
        )
        replayed: PositiveInt = Field(128, description="stored images drawn in a step, for each of the two penalties")
        classifier: Training = Field(
            Training(epochs=1, min_steps=300, batch_size=10, optimizer="sgd", lr=0.03, momentum=0.0, weight_decay=0.0),
            description="budget and optimizer of the classifier",
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        require_capacity(config.buffer, info)
        self.reservoir = Reservoir(config.buffer, info, self.device)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields one phase, on the task's own samples; each of its steps replays and stores."""
        training, classifier = self.config.classifier, self.parts.classifier
        batches = Shuffled(task.train, training.batch_size)
        optimizer = make_optimizer(classifier.parameters(), training)

        def step(batch: Examples, rng: torch.Generator) -> Tensor:
            logits = classifier(batch.x)
            loss = batch.mean(self.classification_loss(logits, batch)) + self._penalties(rng)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            self.reservoir.add(batch, logits.detach(), rng)
            return loss.detach()

        replayed = self.replay_count(task.index, len(task.train))
        yield Step("classifier", classifier, batches, step, training, {"optimizer": optimizer}, replayed=replayed)

    def replay_count(self, completed: int, current: int) -> int:
        """What both penalties draw in an epoch of full batches once that many are stored, at the first task too."""
        penalties = bool(self.config.alpha) + bool(self.config.beta)
        steps = math.ceil(current / self.config.classifier.batch_size)
        return steps * penalties * min(self.config.replayed, self.config.buffer)

    def buffer_bytes(self) -> int:
        """Bytes of the stored images with their labels and logits."""
        return self.reservoir.bytes

    def preview(self, n: int, streams: Streams) -> Examples:
        """Stored images."""
        return self.reservoir.draw(n, streams.generator("preview"))[0]

    def state_dict(self) -> dict[str, Tensor]:
        """The reservoir."""
        return self.reservoir.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the reservoir."""
        self.reservoir.load_state_dict(state)

    def _penalties(self, rng: torch.Generator) -> Tensor:
        """The weighted penalties, each on stored images of its own draw; a scalar, 0 where nothing is stored."""
        alpha, beta = self.config.alpha, self.config.beta
        penalty = torch.zeros((), device=self.device)
        if alpha and len(self.reservoir):
            stored, logits = self.reservoir.draw(self.config.replayed, rng)
            penalty = penalty + alpha * F.mse_loss(self.parts.classifier(stored.x), logits)
        if beta and len(self.reservoir):
            stored, _ = self.reservoir.draw(self.config.replayed, rng)
            penalty = penalty + beta * self.classification_loss(self.parts.classifier(stored.x), stored).mean()
        return penalty
