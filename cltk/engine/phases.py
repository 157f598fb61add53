"""Carrying out one phase: the loop that all training of every strategy runs through."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from cltk.engine.descent import Descent
from cltk.engine.fast.flops import FlopCounter
from cltk.engine.fast.products import fast_products
from cltk.engine.run import Run
from cltk.engine.state import above, below, load_state, state_of
from cltk.engine.together import EpochDue
from cltk.errors import ConfigError, DivergenceError
from cltk.events import EpochEnded, PhaseEvent, PhaseStarted, Warned
from cltk.interfaces import Examples, Fit, Phase, Streams

__all__ = ["PhaseRun"]

CHECKED = 100
"""Steps of training between two looks at what is wrong with a network."""


class PhaseRun:
    """One phase of a task, while it is carried out.

    Args:
        phase: What is to be done.
        task: In which task, from 0.
        run: The run that the task belongs to.
        streams: Where the randomness of the phase comes from.
        number: Which phase of the task it is, from 0.
    """

    def __init__(self, phase: Phase, task: int, run: Run, streams: Streams, number: int = 0) -> None:
        self.phase = phase
        self._task = task
        self._number = number
        self._run = run
        self._streams = streams
        self._descent = None if isinstance(phase, Fit) else Descent(phase, run.precision)
        self._keeps = not isinstance(phase, Fit) and not phase.training.reset_optimizer
        if self._descent and self._keeps:
            self._take_over(self._descent)
        self._done = 0
        self._noted: set[str] = set()
        held = {id(module) for network in run.strategy.networks.values() for module in network.modules()}
        self._is_apart = id(phase.module) not in held

    def events(self) -> Iterator[PhaseEvent | EpochDue]:
        """Trains or fits what is left of the phase, and yields what happens, and each epoch before it is trained.

        Raises:
            DivergenceError: Training diverged, and the run is to stop on that.
        """
        if self._descent is not None:
            yield from self._train(self._descent)
            if self._keeps:
                self._keep_optimizers(self._descent)
        elif isinstance(self.phase, Fit) and not self._done:
            yield from self._fit(self.phase)
        yield from self._problems()

    def whereabouts(self) -> str:
        """Where it is now, for whoever has to find a mistake."""
        name, steps = self.phase.name, self.phase.batches.steps
        if self._descent is None or self._descent.done >= self._descent.total:
            return f"phase '{name}'"
        epoch, step = divmod(self._descent.done, steps)
        where = f"phase '{name}', epoch {epoch + 1}, step {step + 1} of {steps}"
        if self._descent.at_hand != 1:
            return where
        return (
            f"{where}, whose batch has 1 sample: batch normalisation needs 2, and another "
            f"{self._option('batch-size') or 'batch size'} may leave no rest of 1"
        )

    def state_dict(self) -> dict[str, Tensor]:
        """What the strategy holds, the network where it is none of the strategy's, and what the optimizer remembers."""
        module = self.phase.module.state_dict() if self._is_apart else {}
        descent = self._descent.state_dict() if self._descent else {}
        return above("strategy", state_of(self._run.strategy)) | above("module", module) | above("descent", descent)

    def load_state_dict(self, state: Mapping[str, Tensor], past: Sequence[PhaseEvent]) -> None:
        """Takes back what ``state_dict`` gave at the end of an epoch, after the events that are ``past``."""
        load_state(self._run.strategy, below("strategy", state))
        if self._is_apart:
            self.phase.module.load_state_dict(below("module", state))
        self.phase.module.eval()
        self._noted = {event.problem for event in past if isinstance(event, Warned)}
        epochs = [event for event in past if isinstance(event, EpochEnded)]
        self._done = len(epochs)
        if self._descent is not None and epochs:
            self._descent.go_on(below("descent", state), epochs[-1])

    def _fit(self, phase: Fit) -> Iterator[PhaseEvent]:
        yield PhaseStarted(self._task, phase.name, epochs=1, steps=phase.batches.steps)
        started = time.perf_counter()
        own = self._streams.at(1)
        with own.scope("global"), fast_products(), torch.no_grad(), FlopCounter() as counter:
            samples = Examples.concat(list(phase.batches.epoch(own)))
            drawn = counter.total
            phase.fit(samples, own.generator("loss"))
        seconds = time.perf_counter() - started
        per_sample = (counter.total - drawn) // max(len(samples), 1)
        yield EpochEnded(self._task, phase.name, 1, None, seconds, counter.total, per_sample)

    def _train(self, descent: Descent) -> Iterator[PhaseEvent | EpochDue]:
        steps = self.phase.batches.steps
        if not self._done:
            yield PhaseStarted(self._task, self.phase.name, descent.epochs, steps)
        for epoch in range(self._done + 1, descent.epochs + 1):
            due = EpochDue(descent, self._streams.at(epoch), (self._task, self._number, epoch))
            yield due
            losses, started = due.train(), time.perf_counter()
            yield from self._divergence(descent, losses, epoch)
            if epoch * steps // CHECKED > (epoch - 1) * steps // CHECKED and epoch < descent.epochs:
                yield from self._problems()
            seconds = due.seconds + time.perf_counter() - started
            loss, operations = float(losses.mean()), descent.operations * len(losses) // steps
            yield EpochEnded(
                self._task, self.phase.name, epoch, loss, seconds, operations, descent.per_sample, due.together
            )

    def _option(self, setting: str) -> str | None:
        """The option that sets something of the phase's budget; None where no field of the strategy is that budget."""
        if isinstance(self.phase, Fit):
            return None
        name, training = self.phase.name, self.phase.training
        fields = [field for field, value in self._run.strategy.config if value is training]
        # Two fields may have one default: the one that is called as the phase is meant then.
        return f"--strategy.{name if name in fields else fields[0]}.{setting}" if fields else None

    def _take_over(self, descent: Descent) -> None:
        """Has the optimizers go on from what those of this phase remembered in the task before."""
        name, info = self.phase.name, self._run.info
        heads = info.outputs if info.setting == "task" else None
        try:
            descent.take_over(below(name, self._run.strategy.optimizer_state), heads)
        except ValueError as error:
            setting = f"{self._option('reset-optimizer') or 'reset_optimizer ='} true"
            raise ConfigError(
                f"The optimizer of the phase '{name}' cannot go on from the task before: {error}.",
                f"Begin each task with a fresh one: {setting}",
            ) from error

    def _keep_optimizers(self, descent: Descent) -> None:
        """Leaves what the optimizers remember to the phase of this name in the next task."""
        state = {name: tensor.clone() for name, tensor in descent.optimizer_state.items()}
        strategy = self._run.strategy
        strategy.optimizer_state = {**strategy.optimizer_state, **above(self.phase.name, state)}

    def _divergence(self, descent: Descent, losses: Tensor, epoch: int) -> Iterator[PhaseEvent]:
        trouble = descent.trouble(losses)
        if trouble is None:
            return
        problem, name = f"in epoch {epoch}, {trouble}", self.phase.name
        if self._run.stop_on_divergence:
            option = self._option("lr")
            rate = f"that learning rate ({option})" if option else "its learning rate"
            raise DivergenceError(
                f"Training diverged in task {self._task + 1}, phase '{name}': {problem}.",
                f'Lower {rate}, or go on regardless with on_divergence = "warn".',
            )
        yield Warned(self._task, name, problem)

    def _problems(self) -> Iterator[PhaseEvent]:
        """What is wrong with the network as it is now, each problem once a phase."""
        self.phase.module.eval()
        where = f" (step {self._descent.done})" if self._descent else ""
        for problem in self.phase.problems():
            if not any(noted.startswith(problem) for noted in self._noted):
                self._noted.add(problem)
                yield Warned(self._task, self.phase.name, problem + where)
