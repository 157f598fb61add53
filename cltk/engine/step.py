"""One step of gradient descent."""

from __future__ import annotations

import torch
from torch import Tensor

from cltk.engine.fast.optimizers import make_optimizer
from cltk.interfaces import Examples, Train
from cltk.machine import Precision

__all__ = ["TrainingStep"]


class TrainingStep:
    """From a batch to its loss, a scalar; on the way the gradients are set and the parameters change.

    Args:
        phase: What is trained.
        precision: Of the loss and its gradient.
        captured: Whether it becomes part of a CUDA graph, in which a number would stay what it was at the capture.

    Attributes:
        optimizer: What changes the parameters.
        rng: What the loss draws from; to be set at the beginning of an epoch.
    """

    def __init__(self, phase: Train, precision: Precision, *, captured: bool) -> None:
        self.optimizer = make_optimizer(phase.module, phase.training)
        self.rng = torch.Generator(phase.device)
        self._phase = phase
        self._lr: float | Tensor = torch.zeros((), device=phase.device) if captured else 0.0
        self._autocast = torch.autocast(phase.device.type, torch.bfloat16, enabled=precision == "bf16")

    def set_lr(self, lr: float) -> None:
        """Sets the learning rate of the steps to come."""
        if isinstance(self._lr, Tensor):
            self._lr.fill_(lr)
        else:
            self._lr = lr

    def __call__(self, batch: Examples) -> Tensor:
        """Does the step."""
        with self._autocast:
            loss = batch.mean(self._phase.loss(batch, self.rng))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(self._lr)
        return loss.detach()
