"""The phases that a strategy asks the engine to carry out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cltk.interfaces.batches import Batches
from cltk.interfaces.examples import Examples
from cltk.interfaces.training import Training

__all__ = ["Fit", "Phase", "Train"]


def _nothing() -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Train:
    """Train a network by gradient descent.

    Attributes:
        name: What is trained; unique within a task.
        module: The network.
        batches: What an epoch consists of.
        loss: From a batch of B samples and a stream to their losses, (B,) nats per sample. The engine minimises their
            mean, weighted as the batch says.
        training: Budget and optimizer.
        problems: Called now and then, and when the phase is over: what is wrong with the network, a sentence each.
        capturable: Whether ``loss`` runs the same kernels for every batch of a shape and never waits for the device:
            then a training step becomes a CUDA graph on a GPU.
    """

    name: str
    module: nn.Module
    batches: Batches
    loss: Callable[[Examples, torch.Generator], Tensor]
    training: Training
    problems: Callable[[], Sequence[str]] = _nothing
    capturable: bool = False

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.module.parameters()).device


@dataclass(frozen=True, slots=True)
class Fit:
    """Fit a model in one go, in closed form or by an algorithm of its own.

    Attributes:
        name: What is fitted; unique within a task.
        module: The model.
        batches: Of which one epoch is gathered and handed over.
        fit: Fits the model to the samples, with the loss weights that they carry.
        problems: As of ``Train``.
    """

    name: str
    module: nn.Module
    batches: Batches
    fit: Callable[[Examples, torch.Generator], None]
    problems: Callable[[], Sequence[str]] = _nothing


Phase = Train | Fit
