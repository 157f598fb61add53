"""Carrying out one phase: the loop that all gradient training of every strategy runs through."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from cltk.engine.flops import FlopCounter
from cltk.engine.optimizers import make_optimizer
from cltk.engine.run import Precision, Run
from cltk.errors import DivergenceError
from cltk.events import EpochEnded, Event, PhaseStarted, Warned
from cltk.interfaces import Examples, Fit, Phase, Streams, Train

__all__ = ["carry_out"]


def carry_out(phase: Phase, task: int, run: Run, streams: Streams) -> Iterator[Event]:
    """Trains or fits what the phase says, and yields what happens."""
    match phase:
        case Train():
            yield from _train(phase, task, run, streams)
        case Fit():
            yield from _fit(phase, task, streams)
    phase.module.eval()
    yield from (Warned(task, phase.name, problem) for problem in phase.problems())


def _fit(phase: Fit, task: int, streams: Streams) -> Iterator[Event]:
    yield PhaseStarted(task, phase.name, epochs=1, steps=phase.batches.steps)
    started = time.perf_counter()
    own = streams.at(1)
    with own.scope("global"), torch.no_grad():
        phase.fit(Examples.concat(list(phase.batches.epoch(own))), own.generator("loss"))
    yield EpochEnded(task, phase.name, 1, None, time.perf_counter() - started, operations=0, per_sample=0)


def _train(phase: Train, task: int, run: Run, streams: Streams) -> Iterator[Event]:
    steps = phase.batches.steps
    epochs = phase.training.rounds(steps)
    yield PhaseStarted(task, phase.name, epochs, steps)
    descent = _Descent(phase, run.precision, epochs * steps)
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        losses = descent.epoch(streams.at(epoch))
        loss = float(losses.mean())
        if not math.isfinite(loss):
            problem = f"in epoch {epoch}, step {_first_bad(losses)}, the loss is {loss}"
            if run.stop_on_divergence:
                raise _diverged(phase.name, task, problem)
            yield Warned(task, phase.name, problem)
        yield EpochEnded(
            task=task,
            phase=phase.name,
            epoch=epoch,
            loss=loss,
            seconds=time.perf_counter() - started,
            operations=descent.operations,
            per_sample=descent.per_sample,
        )


class _Descent:
    """Gradient descent through a phase, an epoch at a time."""

    def __init__(self, phase: Train, precision: Precision, steps: int) -> None:
        self.phase = phase
        self.optimizer = make_optimizer(phase.module, phase.training)
        self.autocast = torch.autocast(phase.device.type, torch.bfloat16, enabled=precision == "bf16")
        self.steps = steps
        self.done = 0
        self.operations = 0
        self.per_sample = 0

    def epoch(self, streams: Streams) -> Tensor:
        """Trains on every batch of an epoch; returns the loss of each step."""
        phase = self.phase
        losses = torch.empty(phase.batches.steps, device=phase.device)
        phase.module.train()
        batches, rng = phase.batches.epoch(streams), streams.generator("loss")
        # Nothing is yielded in here, so that nobody else sees the global generator that dropout draws from.
        with streams.scope("global"):
            for step in range(len(losses)):
                counted = self.done == 0
                losses[step] = self._counted_step(batches, rng) if counted else self._step(next(batches), rng)
                self.done += 1
        return losses

    def _step(self, batch: Examples, rng: torch.Generator) -> Tensor:
        with self.autocast:
            loss = batch.mean(self.phase.loss(batch, rng))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(self.phase.training.lr_at(self.done / self.steps))
        return loss.detach()

    def _counted_step(self, batches: Iterator[Examples], rng: torch.Generator) -> Tensor:
        """The first step, in which floating-point operations are counted: those of all steps follow from it."""
        with FlopCounter() as drawing:
            batch = next(batches)
        with FlopCounter() as training:
            loss = self._step(batch, rng)
        self.operations = (drawing.total + training.total) * self.phase.batches.samples // len(batch)
        self.per_sample = training.total // len(batch)
        return loss


def _first_bad(losses: Tensor) -> int:
    """The first step whose loss is not finite, from 1; the last one where only their sum is too large."""
    bad = (~losses.isfinite()).nonzero()
    return int(bad[0]) + 1 if len(bad) else len(losses)


def _diverged(phase: str, task: int, problem: str) -> DivergenceError:
    return DivergenceError(
        f"Training diverged in task {task + 1}, phase '{phase}': {problem}.",
        f'Lower that learning rate (--strategy.{phase}.lr), or go on regardless with on_divergence = "warn".',
    )
