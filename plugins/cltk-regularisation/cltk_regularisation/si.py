"""Synaptic intelligence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor, nn

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
)
from cltk_regularisation.penalty import QuadraticPenalty, named

__all__ = ["SI"]


class SI(Strategy):
    """Pulls each weight back to its value after the last task, as strongly as moving it has lowered earlier losses.

    The loss has the term strength * importance * (weight - anchor)². The importance of a weight is what it contributed
    to the fall of the loss in each task: its path integral of -gradient * step, over (its way in the task)² + damping.

    Source: Zenke, Poole & Ganguli 2017, arXiv 1703.04200; strength and damping are theirs for Split MNIST.

    Deviations: a negative contribution counts as none, as in the authors' code. The gradient is that of the task's loss
    alone, as in the paper; in the code of van de Ven & Tolias 2018, arXiv 1809.10635, it has the penalty's too.
    """

    published = (
        Published(
            "class-incremental Split MNIST",
            0.2004,
            "van de Ven & Tolias 2018, arXiv 1809.10635",
            study="published-split-mnist",
            cell="SI",
        ),
    )

    class Config(Settings):
        """The penalty, and the classifier's budget."""

        strength: NonNegativeFloat = Field(1.0, description="weight of the penalty (c)")
        damping: PositiveFloat = Field(1e-3, description="bounds the importance of weights that hardly moved (xi)")
        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self._penalty = QuadraticPenalty()
        self._start: dict[str, Tensor] = {}
        self._path: dict[str, Tensor] = {}

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields the classifier's phase in steps that sum up the path integral, then takes the importance from it."""
        classifier, training = self.parts.classifier, self.config.classifier
        parameters = {name: weight for name, weight in classifier.named_parameters() if weight.requires_grad}
        self._start = {name: weight.detach().clone() for name, weight in parameters.items()}
        self._path = {name: torch.zeros_like(weight) for name, weight in parameters.items()}
        batches = Shuffled(task.train, training.batch_size)
        plain = self.classifier_phase(batches, training)
        optimizer = make_optimizer(parameters.values(), training)

        def step(batch: Examples, rng: torch.Generator) -> Tensor:
            loss = batch.mean(plain.loss(batch, rng))
            gradients = torch.autograd.grad(loss, list(parameters.values()), materialize_grads=True)
            self._follow(optimizer, parameters, dict(zip(parameters, gradients, strict=True)))
            return loss

        yield Step("classifier", classifier, batches, step, training, {"optimizer": optimizer})
        self._consolidate(parameters)

    def state_dict(self) -> dict[str, Tensor]:
        """The penalty; within a task the path so far, too."""
        start = {f"start.{name}": tensor for name, tensor in self._start.items()}
        path = {f"path.{name}": tensor for name, tensor in self._path.items()}
        return {**self._penalty.state_dict(), **start, **path}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restores the penalty and the path."""
        self._penalty.load_state_dict(state)
        self._start, self._path = named(state, "start"), named(state, "path")

    def _follow(
        self, optimizer: torch.optim.Optimizer, parameters: Mapping[str, nn.Parameter], gradients: Mapping[str, Tensor]
    ) -> None:
        """Takes a step down the loss and the penalty, and notes what it contributed to the loss."""
        held = self._penalty.gradients(self.parts.classifier)
        before = {name: weight.detach().clone() for name, weight in parameters.items()}
        for name, weight in parameters.items():
            weight.grad = gradients[name] + self.config.strength * held[name] if name in held else gradients[name]
        optimizer.step()
        for name, weight in parameters.items():
            self._path[name] -= gradients[name] * (weight.detach() - before[name])

    def _consolidate(self, parameters: Mapping[str, nn.Parameter]) -> None:
        """Adds the importance that the task had, and moves the anchor here."""
        for name, weight in parameters.items():
            way = weight.detach() - self._start[name]
            own = (self._path[name] / (way.square() + self.config.damping)).clamp_min(0)
            self._penalty.importance[name] = self._penalty.earlier_importance(name, weight) + own
            self._penalty.anchor[name] = weight.detach().clone()
        self._start, self._path = {}, {}
