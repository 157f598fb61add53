"""Training a network through a phase, an epoch at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from cltk.engine.fast.capture import CapturedStep, TakeStep, may_capture
from cltk.engine.fast.flops import FlopCounter
from cltk.engine.fast.products import fast_products
from cltk.engine.steps import GradientStep, OwnStep, TrainingStep
from cltk.events import EpochEnded
from cltk.interfaces import Examples, Step, Streams, Train
from cltk.machine import Precision

__all__ = ["Cost", "Descent"]

EXPLODED = 1e3
"""A gradient has exploded if its norm is this many times that of the phase's first step, and of 1."""


class Descent:
    """The steps of a phase, from batch to batch.

    Attributes:
        phase: What is trained.
        step: What takes a step, where nothing is captured.
        autocast: The precision that replay is drawn and labelled in, as it is learned.
        epochs: Number of passes that the budget allows, the last one cut short where it allows so many steps.
        total: Number of steps that the budget allows.
        done: Number of steps done.
        at_hand: Number of samples in the batch of the step under way.
        operations: Floating-point operations of a whole epoch.
        per_sample: Those of one forward and backward pass of one sample.
    """

    def __init__(self, phase: Train | Step, precision: Precision) -> None:
        self.phase = phase
        self._take, self.step = _make_step(phase, precision)
        self._first_norm = torch.zeros((), device=phase.device)
        self.total = phase.training.total_steps(phase.batches.steps)
        is_low = precision == "bf16" and isinstance(phase, Train)
        self.autocast = torch.autocast(phase.device.type, torch.bfloat16, enabled=is_low)
        self.done = 0
        self.at_hand = 0
        self.epochs = phase.training.rounds(phase.batches.steps)
        self.operations = 0
        self.per_sample = 0

    @property
    def due(self) -> int:
        """Number of steps in the epoch to come."""
        return min(self.phase.batches.steps, self.total - self.done)

    @property
    def graphs(self) -> int:
        """Number of CUDA graphs that steps are replayed from; 0 where none is captured."""
        return self._take.graphs if isinstance(self._take, CapturedStep) else 0

    def lr(self, step: int) -> float:
        """The learning rate of a step, the first of which is 0."""
        return self.phase.training.lr_at(step / self.total)

    def epoch(self, streams: Streams) -> Tensor:
        """Trains on every batch of an epoch; returns the loss of each step."""
        losses = torch.empty(self.due, device=self.phase.device)
        self.phase.module.train()
        batches = self.batches(streams)
        self.step.rng.set_state(streams.generator("loss").get_state())
        # Of steps that are alike the first one is counted; of others, all of the first epoch.
        cost = Cost() if self.done == 0 else None
        # Nothing is yielded in here, so that nobody else sees the global generator that dropout draws from.
        with streams.scope("global"), fast_products():
            for index in range(len(losses)):
                self.step.set_lr(self.lr(self.done))
                if cost and (index == 0 or not self.step.is_regular):
                    losses[index] = _counted(cost, batches, self.step)
                else:
                    losses[index] = self._take(next(batches))
                if self.done == 0:
                    self._first_norm.copy_(self.step.gradient_norm())
                self.done += 1
        if cost:
            self._note_cost(cost)
        return losses

    def batches(self, streams: Streams) -> Iterator[Examples]:
        """Those of an epoch; what is replayed in them is drawn and labelled in the precision of the step."""
        batches = self.phase.batches.epoch(streams)
        while True:
            with self.autocast:
                batch = next(batches, None)
            if batch is None:
                return
            self.at_hand = len(batch)
            yield batch

    def note_epoch(self, cost: Cost, first_norm: Tensor) -> None:
        """Takes note of an epoch that was trained elsewhere, with what its first step cost and the gradient's norm."""
        if self.done == 0:
            self._first_norm.copy_(first_norm)
            self._note_cost(cost)
        self.done += self.due

    def trouble(self, losses: Tensor) -> str | None:
        """What went wrong in the epoch whose losses these are, and at which step; None if nothing did."""
        loss = float(losses.mean())
        if not math.isfinite(loss):
            return f"step {_first_bad(losses)}, the loss is {loss}"
        norm, first = float(self.step.gradient_norm()), float(self._first_norm)
        if norm <= EXPLODED * max(first, 1.0):
            return None
        return f"step {len(losses)}, the gradient has exploded: its norm is {norm:.1e}, after {first:.1e} at first"

    @property
    def optimizer_state(self) -> dict[str, Tensor]:
        """What the optimizers remember."""
        return self.step.state_dict()

    def take_over(self, state: Mapping[str, Tensor], heads: int | None) -> None:
        """Has the optimizers begin with what those of an earlier task remembered; with nothing where there were none.

        Args:
            state: That.
            heads: Number of output units, where those that are not trained any more are to stay as they are.

        Raises:
            ValueError: They changed other parameters than these.
        """
        if state:
            self.step.take_over(state, heads)

    def state_dict(self) -> dict[str, Tensor]:
        """What the optimizers remember, and the first gradient's norm."""
        return self.optimizer_state | {"first_norm": self._first_norm}

    def go_on(self, state: Mapping[str, Tensor], last: EpochEnded) -> None:
        """Goes on behind an epoch of an earlier descent that had this ``state_dict`` then."""
        self.step.load_state_dict(state)
        self._first_norm.copy_(state["first_norm"])
        self.done = min(last.epoch * self.phase.batches.steps, self.total)
        self.operations, self.per_sample = last.operations, last.per_sample

    def _note_cost(self, cost: Cost) -> None:
        """Takes note of what steps of the first epoch have cost, for what all of it costs."""
        samples = self.phase.batches.samples
        drawn = self.phase.replayed if isinstance(self.phase, Step) else 0
        self.operations = (cost.drawing + cost.training) * samples // cost.samples
        self.per_sample = cost.training * samples // (cost.samples * (samples + drawn))


@dataclass(slots=True)
class Cost:
    """What some steps cost in floating-point operations.

    Attributes:
        drawing: Those of making the batches.
        training: Those of training on them.
        samples: Number of samples in them.
    """

    drawing: int = 0
    training: int = 0
    samples: int = 0


def _counted(cost: Cost, batches: Iterator[Examples], step: TrainingStep) -> Tensor:
    """Takes a step, and adds what it costs."""
    with FlopCounter() as drawing:
        batch = next(batches)
    with FlopCounter() as training:
        loss = step(batch)
    cost.drawing += drawing.total
    cost.training += training.total
    cost.samples += len(batch)
    return loss


def _make_step(phase: Train | Step, precision: Precision) -> tuple[TakeStep, TrainingStep]:
    """What takes the steps: the same as the step itself, unless that is captured as a CUDA graph."""
    if isinstance(phase, Step):
        own = OwnStep(phase)
        return own, own
    captured = may_capture(phase)
    step = GradientStep(phase, precision, captured=captured)
    return (CapturedStep(step, list(phase.module.parameters()), step.rng) if captured else step), step


def _first_bad(losses: Tensor) -> int:
    """The first step whose loss is not finite, from 1; the last one where only their sum is too large."""
    bad = (~losses.isfinite()).nonzero()
    return int(bad[0]) + 1 if len(bad) else len(losses)
