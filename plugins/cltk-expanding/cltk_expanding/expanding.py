"""A module a class, in a chain that the newest classes head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.interfaces import (
    Buffer,
    Examples,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Train,
    Training,
    require_capacity,
)
from cltk_expanding.weights import balanced_weights

__all__ = ["Expanding"]


class Expanding(Strategy):
    """Adds a binary module for each new class, trains it against all other classes so far, and never changes it again.

    A module sees the task and a few stored images of earlier classes, so it knows nothing of later ones. The modules
    therefore form a chain: an image is of a class if its module accepts it and those of all later tasks refuse it. Each
    task makes its modules the new head of the chain, and leaves what is below as it was.

    Source: in the spirit of Turner, Cardoso & Rodrigues 2021, DOI 10.3390/app112412078.

    Deviations: a chain of the tasks, where the paper has a tree that rearranges itself; modules see pixels, where the
    paper has the features of a pretrained ResNet-50.
    """

    slots = ()
    gives_logits = False

    class Config(Settings):
        """Size of a module, buffer and budget."""

        hidden: PositiveInt = Field(20, description="hidden units of a module")
        buffer: PositiveInt = Field(500, description="number of stored images, which later modules learn to refuse")
        training: Training = Field(Training(), description="budget and optimizer of each module")

    config: Config
    buffer: Buffer

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        if len(info.seen(info.tasks)) < sum(map(len, info.classes)):
            raise ConfigError(
                "A module is trained once, but tasks of this scenario share classes.",
                "Choose another strategy, or a scenario in which each class belongs to one task.",
            )
        require_capacity(config.buffer, info)
        self.buffer = Buffer(config.buffer, info, self.device)
        self.class_modules = nn.ModuleDict()

    def begin_task(self, classes: Sequence[int]) -> None:
        """Adds a module for each class."""
        for label in classes:
            layers = nn.Linear(self.info.pixels, self.config.hidden), nn.ReLU(), nn.Linear(self.config.hidden, 1)
            self.class_modules[str(label)] = nn.Sequential(nn.Flatten(), *layers)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields one phase a class, and stores a part of the task then."""
        samples = Examples.concat([task.train, self.buffer.all()])
        samples = Examples(samples.x, samples.y, balanced_weights(samples.y))
        for label in task.classes:
            yield self._phase(label, samples)
        self.buffer.add(task, streams)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """The logarithm of how much each class is accepted and all later ones are refused, (B, K).

        Minus infinity for classes that have no module yet.
        """
        self.class_modules.eval()
        scores = x.new_full((len(x), self.info.outputs), float("-inf"))
        refused = x.new_zeros(len(x))
        for classes in reversed(self.info.classes):
            known = [label for label in classes if str(label) in self.class_modules]
            logits = {label: self.class_modules[str(label)](x).squeeze(1) for label in known}
            for label in known:
                scores[:, label] = refused + F.logsigmoid(logits[label])
            refused = refused + sum((F.logsigmoid(-logit) for logit in logits.values()), torch.zeros_like(refused))
        return scores

    def _phase(self, label: int, samples: Examples) -> Train:
        """The phase that trains the module of a class on samples of all classes so far."""
        module = self.class_modules[str(label)]

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            target = (batch.y == label).float()
            return F.binary_cross_entropy_with_logits(module(batch.x).squeeze(1).float(), target, reduction="none")

        training = self.config.training
        return Train(f"class-{label}", module, Shuffled(samples, training.batch_size), loss, training)
