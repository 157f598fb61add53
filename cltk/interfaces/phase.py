"""The phases that a strategy asks the engine to carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from cltk.interfaces.batches import Batches
from cltk.interfaces.examples import Examples
from cltk.interfaces.training import Training

__all__ = ["Fit", "OptimizerState", "Phase", "Step", "Train"]


def _nothing() -> Sequence[str]:
    return ()


class OptimizerState(Protocol):
    """What remembers something from step to step: an optimizer of ``torch.optim``, a scheduler, or one of your own."""

    def state_dict(self) -> Any:
        """Tensors, numbers and texts, in mappings, lists and tuples."""
        ...

    def load_state_dict(self, state_dict: Any) -> Any:
        """Takes back what ``state_dict`` gave."""
        ...


@dataclass(frozen=True, slots=True)
class Train:
    """Train a network by gradient descent.

    Attributes:
        name: What is trained; unique within a task.
        module: The network.
        batches: What an epoch consists of.
        loss: From a batch of B samples and a stream to their losses, (B,) nats per sample. The engine minimises their
            mean, weighted as the batch says. It may be tried before it is trained on, and changes nothing itself.
        training: Budget and optimizer.
        problems: Called now and then, and when the phase is over: what is wrong with the network, a sentence each.
        own_samples: Number of the task's own samples that go through the network in one pass over all of them, such as
            those of one class where each class has a network; None for all.
    """

    name: str
    module: nn.Module
    batches: Batches
    loss: Callable[[Examples, torch.Generator], Tensor]
    training: Training
    problems: Callable[[], Sequence[str]] = _nothing
    own_samples: int | None = None

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return _device_of(self.module)


@dataclass(frozen=True, slots=True)
class Step:
    """Train by steps of your own: several optimizers, gradients that are changed, whatever happens in between.

    The engine has the rest: epochs, checkpoints within the phase, the operations of the first epoch, which stand for
    those of all, and whether losses and gradients are in order.

    Attributes:
        name: What is trained; unique within a task.
        module: The network, or several of them in an ``nn.ModuleList``.
        batches: What an epoch consists of.
        step: From a batch of B samples and a stream to a loss to be reported, a scalar. It changes the parameters
            itself, in float32, and weighs the samples as the batch says. What else it changes is in a network of the
            strategy or in its ``state_dict``.
        training: The budget: ``epochs``, ``min_steps`` and ``steps``. Of the rest only ``reset_optimizer`` and
            ``lr_schedule`` are used, and whatever ``make_optimizer`` makes an optimizer of.
        optimizers: All that is to be remembered between two steps, by names without a dot. They are made in
            ``phases``, so that they begin anew with the phase, unless ``reset_optimizer`` is false. Where
            ``lr_schedule`` is not constant, the learning rates of those that are PyTorch's take its course.
        problems: As of ``Train``.
        own_samples: As of ``Train``.
        replayed: Number of samples that the steps of an epoch draw themselves, and train on beside their batches.
    """

    name: str
    module: nn.Module
    batches: Batches
    step: Callable[[Examples, torch.Generator], Tensor]
    training: Training
    optimizers: Mapping[str, OptimizerState] = field(default_factory=dict)
    problems: Callable[[], Sequence[str]] = _nothing
    own_samples: int | None = None
    replayed: int = 0

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return _device_of(self.module)


@dataclass(frozen=True, slots=True)
class Fit:
    """Fit a model in one go, in closed form or by an algorithm of its own.

    Attributes:
        name: What is fitted; unique within a task.
        module: The model.
        batches: Of which one epoch is gathered and handed over.
        fit: Fits the model to the samples, with the loss weights that they carry. No gradient is recorded in it, unless
            it asks for that with ``torch.enable_grad()``.
        problems: As of ``Train``.
        own_samples: As of ``Train``.
    """

    name: str
    module: nn.Module
    batches: Batches
    fit: Callable[[Examples, torch.Generator], None]
    problems: Callable[[], Sequence[str]] = _nothing
    own_samples: int | None = None


Phase = Train | Step | Fit


def _device_of(module: nn.Module) -> torch.device:
    return next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
