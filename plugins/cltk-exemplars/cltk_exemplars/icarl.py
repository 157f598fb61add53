"""iCaRL: exemplars chosen by herding, and classification by the nearest mean of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces import (
    Classifier,
    Examples,
    Parts,
    Phase,
    Published,
    ScenarioInfo,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Train,
    Training,
    evaluating,
    freeze,
    require_capacity,
)
from cltk_exemplars.exemplars import Exemplars
from cltk_exemplars.herding import herd

__all__ = ["ICaRL"]

CHUNK = 2048
"""Images whose features are computed at once."""


class ICaRL(Strategy):
    """Learns features on the task and the exemplars, and classifies by the nearest mean of the exemplars' features.

    Each output unit is a binary classifier. Its targets are the labels for the classes of the task, and for earlier
    classes what the network said before the task. All features are scaled to length 1. After a task, the exemplars of
    earlier classes are reduced to their share, and those of new classes are chosen, by herding or at random.

    Source: Rebuffi et al. 2017, arXiv 1611.07725; on Split MNIST: van de Ven & Tolias 2019, arXiv 1904.07734.

    Deviations: Adam, as in the code of van de Ven & Tolias, where Rebuffi et al. have SGD with a rate that falls from
    2. That code ranks features in a shuffled order and takes the images at those positions in theirs, so that it stores
    random ones: ``selection = "random"``. In the task-incremental setting, which the paper does not have, it is trained
    in the same way.
    """

    gives_logits = False
    published = (
        Published(
            "class-incremental Split MNIST, 2,000 stored images",
            0.9457,
            "van de Ven & Tolias 2019, arXiv 1904.07734",
            study="published-split-mnist",
            cell="iCaRL, 2,000 images",
        ),
    )

    class Config(Settings):
        """Number of exemplars, distillation and the classifier's budget."""

        buffer: PositiveInt = Field(2000, description="number of stored images, shared out to the classes evenly")
        selection: Literal["herding", "random"] = Field(
            "herding",
            description="how they are chosen; in effect random in van de Ven & Tolias's code",
        )
        temperature: PositiveFloat = Field(
            1.0, description="of the targets for earlier classes; 1 in Rebuffi et al., 2 in van de Ven & Tolias's code"
        )
        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        labels = [label for classes in info.classes for label in classes]
        if len(set(labels)) < len(labels):
            raise ConfigError(
                "iCaRL learns new classes at each task, but tasks of this scenario share classes.",
                "Choose another strategy, or a scenario in which each class belongs to one task.",
            )
        require_capacity(config.buffer, info)
        self.exemplars = Exemplars(info, self.device)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields one phase, on the task and the exemplars, and chooses exemplars then."""
        training, classifier = self.config.classifier, self.parts.classifier
        teacher = freeze(classifier)
        seen, old = self._units(task.index + 1), self._units(task.index)

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            targets = F.one_hot(batch.y, self.info.outputs).float()
            if task.index:
                said = (teacher(batch.x).float() / self.config.temperature).sigmoid()
                targets = torch.where(old, said, targets)
            logits = classifier(batch.x).float()
            return (F.binary_cross_entropy_with_logits(logits, targets, reduction="none") * seen).sum(1)

        samples = Examples.concat([task.train, self.exemplars.all()])
        yield Train("classifier", classifier, Shuffled(samples, training.batch_size), loss, training)
        self._choose(task, streams)

    def replay_count(self, completed: int, current: int) -> int:
        """All exemplars are a part of every epoch."""
        return len(self.exemplars)

    def buffer_bytes(self) -> int:
        """Bytes of the exemplars with their labels."""
        return self.exemplars.bytes

    def preview(self, n: int, streams: Streams) -> Examples:
        """Some of the exemplars."""
        order = torch.randperm(len(self.exemplars), generator=streams.generator("preview"), device=streams.device)
        return self.exemplars.all()[order[:n]]

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """The cosine of the features to the mean of each class, (B, K); minus infinity for classes without exemplars.

        Both have length 1, so that the highest cosine is the smallest distance.
        """
        stored, features = self.exemplars.all(), self._features(x)
        members = F.one_hot(stored.y, self.info.outputs).float()
        means = F.normalize(members.T @ self._features(stored.x), dim=1)
        return (features @ means.T).masked_fill(members.sum(0) == 0, float("-inf"))

    def state_dict(self) -> dict[str, Tensor]:
        """The exemplars."""
        return self.exemplars.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the exemplars."""
        self.exemplars.load_state_dict(state)

    @torch.no_grad()
    def _choose(self, task: Task, streams: Streams) -> None:
        """Stores the exemplars of the task, and reduces those of earlier ones to their share."""
        count = self.config.buffer // len(self.info.seen(task.index + 1))
        self.exemplars.reduce(count)
        for label in task.classes:
            own = task.train[task.train.y == label]
            if len(own):
                self.exemplars.add(own[self._selected(own.x, count, streams.generator("exemplars", label))])

    def _selected(self, x: Tensor, count: int, rng: torch.Generator) -> Tensor:
        """The positions of the images to store, the most important ones first."""
        if self.config.selection == "herding":
            return herd(self._features(x), count)
        return torch.randperm(len(x), generator=rng, device=rng.device)[:count]

    def _features(self, x: Tensor) -> Tensor:
        """What the last layer of the classifier sees, scaled to length 1; (B, F)."""
        classifier: Classifier = self.parts.classifier
        with evaluating(classifier):
            parts = [classifier.features(part).float() for part in torch.split(x, CHUNK)]
        return F.normalize(torch.cat(parts), dim=1)

    def _units(self, completed: int) -> Tensor:
        """Which output units belong to classes of the first ``completed`` tasks, (K,) bool."""
        units = torch.zeros(self.info.outputs, dtype=torch.bool, device=self.device)
        units[[*self.info.seen(completed)]] = True
        return units
