"""Learning without forgetting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces import (
    SOFT_ONLY,
    Active,
    Examples,
    Phase,
    Published,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Training,
    freeze,
)

__all__ = ["LwF"]


class LwF(Strategy):
    """Trains the classifier to go on saying of each new image what it said before the task, beside the new label.

    The loss is cross-entropy with the labels + distillation, on the same images, from a copy of the classifier that is
    frozen as it was before the task.

    Source: Li & Hoiem 2017, arXiv 1606.09282. With ``weighting = "task"``, ``scaled = true``, ``averaged = true`` and
    ``active = "so-far"``: van de Ven & Tolias 2018, arXiv 1809.10635.

    Deviations: the paper warms up the units of the new classes first. In the class-incremental setting, which the paper
    does not have, the copy's softmax is over the classes learned so far, and the classifier's as ``active`` says.
    """

    published = (
        Published(
            "class-incremental Split MNIST",
            0.2417,
            "van de Ven & Tolias 2018, arXiv 1809.10635",
            study="published-split-mnist",
            cell="LwF",
        ),
    )

    class Config(Settings):
        """Distillation, and the classifier's budget."""

        temperature: PositiveFloat = Field(2.0, description="of the softmax in distillation")
        weighting: Literal["sum", "task"] = Field(
            "sum", description="add both losses up; or weigh labels 1/N and distillation 1 - 1/N, N tasks so far"
        )
        scaled: bool = Field(False, description="multiply distillation by the squared temperature")
        averaged: bool = Field(
            False,
            description="divide distillation by the number of classes so far, as the code of van de Ven & Tolias did "
            "until 17 May 2019; else the sum over them counts",
        )
        active: Active = Field(
            "all",
            description="class-incremental: the units that compete in training, all or those of classes so far (van "
            "de Ven & Tolias 2018)",
        )
        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config

    @property
    def active(self) -> Active:
        """As set."""
        return self.config.active

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields one phase, on the task's own images with both kinds of labels."""
        classifier, training = self.parts.classifier, self.config.classifier
        phase = self.classifier_phase(Shuffled(task.train, training.batch_size), training)
        if not task.index:
            yield phase
            return
        before, temperature = freeze(classifier), self.config.temperature
        new, old = self._shares(task.index + 1)

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            logits = classifier(batch.x)
            told = Examples(batch.x, torch.full_like(batch.y, SOFT_ONLY), soft=self._soft(before(batch.x), task.index))
            distilled = self.classification_loss(logits, told, temperature)
            return new * self.classification_loss(logits, batch) + old * distilled

        yield replace(phase, loss=loss)

    def _shares(self, tasks: int) -> tuple[float, float]:
        """The weights of cross-entropy and of distillation, whose loss is multiplied by the squared temperature."""
        new, old = (1 / tasks, 1 - 1 / tasks) if self.config.weighting == "task" else (1.0, 1.0)
        divisor = len(self.info.seen(tasks)) if self.config.averaged else 1
        return new, old / divisor if self.config.scaled else old / divisor / self.config.temperature**2

    def _soft(self, logits: Tensor, completed: int) -> Tensor:
        """The labels of the frozen copy, (B, K) probabilities: over several tasks, the mean of theirs."""
        info = self.info
        groups = info.classes[:completed] if info.setting == "task" else (info.seen(completed),)
        soft = torch.zeros_like(logits, dtype=torch.float32)
        for classes in map(list, groups):
            soft[:, classes] += (logits[:, classes].float() / self.config.temperature).softmax(1) / len(groups)
        return soft
