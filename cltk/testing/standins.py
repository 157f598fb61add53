"""The plainest components there are, for those under test to work with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces import (
    Classifier,
    Generator,
    Phase,
    ReplaySchedule,
    ScenarioInfo,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Training,
)

__all__ = ["Half", "Learn", "Mixture", "Perceptron"]


class Perceptron(Classifier):
    """A hidden layer of 64 units, whose values are the features.

    Source: none; a stand-in.
    """

    has_features = True

    def __init__(self, config: Settings, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        self.hidden = nn.Linear(info.pixels, 64)
        self.head = nn.Linear(64, info.outputs)

    def features(self, x: Tensor) -> Tensor:
        """The hidden layer: (B, C, H, W) in [0, 1] to (B, 64)."""
        features: Tensor = self.hidden(x.flatten(1)).relu()
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Scores every class: (B, C, H, W) in [0, 1] to (B, K) logits."""
        logits: Tensor = self.head(self.features(x))
        return logits


class Mixture(Generator):
    """A mixture of equally likely patterns, whose pixels are independent Bernoulli variables.

    Source: none; a stand-in.
    """

    class Config(Settings):
        """Size."""

        patterns: int = Field(8, ge=1, description="number of patterns")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        super().__init__(config, info)
        self.shape = info.shape
        self.logits = nn.Parameter(torch.randn(config.patterns, info.pixels))

    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """The negative log-likelihood, (B,) nats per sample."""
        pixels = x.flatten(1)[:, None].expand(-1, len(self.logits), -1)
        nll = F.binary_cross_entropy_with_logits(self.logits.expand_as(pixels), pixels, reduction="none").sum(2)
        return math.log(len(self.logits)) - torch.logsumexp(-nll, 1)

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """The pixel probabilities of ``n`` random patterns, (n, C, H, W) float32 in [0, 1]."""
        pattern = torch.randint(len(self.logits), (n,), generator=rng, device=rng.device)
        return self.logits[pattern].sigmoid().view(n, *self.shape)


class Half(ReplaySchedule):
    """Half as many samples as the current task has.

    Source: none; a stand-in.
    """

    def count(self, completed: int, current: int) -> int:
        """S0 / 2."""
        return current // 2


class Learn(Strategy):
    """Trains the generator where there is one, else the classifier, on each task as it comes.

    Source: none; a stand-in.
    """

    slots = ("classifier", "generator")

    class Config(Settings):
        """The budget."""

        training: Training = Field(Training(epochs=1, min_steps=40, batch_size=32), description="budget and optimizer")

    config: Config

    def begin_task(self, classes: Sequence[int]) -> None:
        """Tells nobody: the network that is tried has heard of the task, and is to grow once."""

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the phases of the generator, or the one of the classifier."""
        training = self.config.training
        batches = Shuffled(task.train, training.batch_size)
        if "generator" in self.parts.slots:
            yield from self.parts.generator.phases(batches, training)
        else:
            yield self.classifier_phase(batches, training)
