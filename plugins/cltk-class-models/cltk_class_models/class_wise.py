"""What strategies share that learn one model a class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces import Examples, Parts, Phase, ScenarioInfo, Shuffled, Strategy, Streams, Task, Train, Training

__all__ = ["ClassWise"]


class ClassModels(nn.Module):
    """A model for each class, and which of them are trained."""

    trained: Tensor

    def __init__(self, models: list[nn.Module]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        self.register_buffer("trained", torch.zeros(len(models), dtype=torch.bool))


class ClassWise(Strategy, ABC):
    """Trains a model of its own for each class of a task, on that class alone, and never again.

    Attributes:
        scored_at_once: Number of images whose scores are computed at the same time: as many as caches hold.
    """

    slots = ()
    gives_logits = False
    scored_at_once = 250
    training: Training

    def __init__(self, config: Settings, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        labels = [label for classes in info.classes for label in classes]
        if len(set(labels)) < len(labels):
            raise ConfigError(
                "A model a class is trained once, but tasks of this scenario share classes.",
                "Choose another strategy, or a scenario in which each class belongs to one task.",
            )
        self.class_models = ClassModels([self.make_model() for _ in range(info.outputs)])

    @abstractmethod
    def make_model(self) -> nn.Module:
        """Makes the model of one class, untrained."""

    @abstractmethod
    def losses(self, model: nn.Module, x: Tensor, rng: torch.Generator) -> Tensor:
        """What the model of a class is trained to lower on images (B, C, H, W) of it; (B,) nats per sample."""

    @abstractmethod
    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """How well images (B, C, H, W) fit the model of a class, (B,); the same for an image whatever is beside it."""

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields one phase a class."""
        for label in task.classes:
            own = task.train[task.train.y == label]
            batches = Shuffled(own, self.training.batch_size)
            model = self.class_models.models[label]

            def loss(batch: Examples, rng: torch.Generator, model: nn.Module = model) -> Tensor:
                return self.losses(model, batch.x, rng)

            yield Train(f"class-{label}", model, batches, loss, self.training, own_samples=len(own))
            self.class_models.trained[label] = True

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """The score of each class, (B, K); minus infinity for classes that were never met."""
        self.class_models.eval()
        scores = x.new_full((len(x), self.info.outputs), float("-inf"))
        for label in self.class_models.trained.nonzero().flatten().tolist():
            model = self.class_models.models[label]
            parts = [self.scores(model, part) for part in torch.split(x, self.scored_at_once)]
            scores[:, label] = torch.cat(parts) if len(x) else 0.0
        return scores
