"""Gradient descent, an epoch at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from cltk.engine.fast.capture import CapturedStep, Step, may_capture
from cltk.engine.fast.flops import FlopCounter
from cltk.engine.step import TrainingStep
from cltk.events import EpochEnded
from cltk.interfaces import Examples, Streams, Train
from cltk.machine import Precision

__all__ = ["Descent"]

EXPLODED = 1e3
"""A gradient has exploded if its norm is this many times that of the phase's first step, and of 1."""


class Descent:
    """Gradient descent through a phase.

    Attributes:
        epochs: Number of passes that the budget allows.
        done: Number of steps done.
        operations: Floating-point operations of an epoch.
        per_sample: Those of one forward and backward pass of one sample.
    """

    def __init__(self, phase: Train, precision: Precision) -> None:
        self._phase = phase
        captured = may_capture(phase)
        self._step = TrainingStep(phase, precision, captured=captured)
        self._optimizer = self._step.optimizer
        parameters = list(phase.module.parameters())
        self._do: Step = CapturedStep(self._step, parameters, self._step.rng) if captured else self._step
        self._first_norm = torch.zeros((), device=phase.device)
        self.done = 0
        self.epochs = phase.training.rounds(phase.batches.steps)
        self.operations = 0
        self.per_sample = 0

    def epoch(self, streams: Streams) -> Tensor:
        """Trains on every batch of an epoch; returns the loss of each step."""
        phase = self._phase
        losses = torch.empty(phase.batches.steps, device=phase.device)
        phase.module.train()
        batches = phase.batches.epoch(streams)
        self._step.rng.set_state(streams.generator("loss").get_state())
        # Nothing is yielded in here, so that nobody else sees the global generator that dropout draws from.
        with streams.scope("global"):
            for step in range(len(losses)):
                self._step.set_lr(phase.training.lr_at(self.done / (self.epochs * len(losses))))
                losses[step] = self._do(next(batches)) if self.done else self._first_step(batches)
                self.done += 1
        return losses

    def trouble(self, losses: Tensor) -> str | None:
        """What went wrong in the epoch whose losses these are, and at which step; None if nothing did."""
        loss = float(losses.mean())
        if not math.isfinite(loss):
            return f"step {_first_bad(losses)}, the loss is {loss}"
        norm, first = float(self._optimizer.gradient_norm()), float(self._first_norm)
        if norm <= EXPLODED * max(first, 1.0):
            return None
        return f"step {len(losses)}, the gradient has exploded: its norm is {norm:.1e}, after {first:.1e} at first"

    def state_dict(self) -> dict[str, Tensor]:
        """What the optimizer remembers, and the first gradient's norm."""
        return self._optimizer.state_dict() | {"first_norm": self._first_norm}

    def go_on(self, state: Mapping[str, Tensor], last: EpochEnded) -> None:
        """Goes on behind an epoch of an earlier descent that had this ``state_dict`` then."""
        self._optimizer.load_state_dict(state)
        self._first_norm.copy_(state["first_norm"])
        self.done = last.epoch * self._phase.batches.steps
        self.operations, self.per_sample = last.operations, last.per_sample

    def _first_step(self, batches: Iterator[Examples]) -> Tensor:
        """The first step, whose operations are counted: those of all steps follow from it."""
        with FlopCounter() as drawing:
            batch = next(batches)
        with FlopCounter() as training:
            loss = self._step(batch)
        self.operations = (drawing.total + training.total) * self._phase.batches.samples // len(batch)
        self.per_sample = training.total // len(batch)
        self._first_norm.copy_(self._optimizer.gradient_norm())
        return loss


def _first_bad(losses: Tensor) -> int:
    """The first step whose loss is not finite, from 1; the last one where only their sum is too large."""
    bad = (~losses.isfinite()).nonzero()
    return int(bad[0]) + 1 if len(bad) else len(losses)
