"""From a run to its events: task after task, phase after phase."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from cltk.engine.fast.flops import FlopCounter
from cltk.engine.fast.process import prepare_process
from cltk.engine.phases import PhaseRun
from cltk.engine.run import Run
from cltk.engine.state import begin_task, weigh
from cltk.engine.together import EpochDue
from cltk.evaluate import Evaluation, evaluate
from cltk.events import (
    EpochEnded,
    Event,
    PhaseEvent,
    PhaseStarted,
    ReplayShown,
    RunStarted,
    TaskEnded,
    TaskResumed,
    TaskStarted,
    Warned,
)
from cltk.interfaces import Past, Phase, Streams, Task

__all__ = ["ResumePoint", "Trainer", "train"]

SHOWN = 64
"""Replayed samples in a picture."""
DRAWN = 1000
"""Replayed samples that coverage is judged on."""
LOST = 0.01
"""A class with less than this share of what one of equally many would have counts as lost."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """How far a task has come, at the end of an epoch.

    Attributes:
        events: What its phases have yielded.
        states: What each phase that was begun left behind; all but the last one are over.
        seconds: Wall-clock time spent on it.
    """

    events: Sequence[PhaseEvent]
    states: Sequence[Mapping[str, Tensor]]
    seconds: float


_BEGINNING = ResumePoint((), (), 0.0)


class Trainer:
    """Trains a run, and tells at the end of every epoch what it takes to go on from there.

    One that goes on yields what happens from there on: what came before was reported when it happened.

    Args:
        run: What to train; of one that goes on, the strategy has its state after the tasks completed.
        completed: Number of tasks that it has learned already.
        point: How far the task after them has come.
    """

    def __init__(self, run: Run, completed: int = 0, point: ResumePoint | None = None) -> None:
        self.run = run
        self._completed = completed
        self._past = point or _BEGINNING
        self._events: list[PhaseEvent] = []
        self._states: list[Mapping[str, Tensor]] = []
        self._started = 0.0
        self._phase: PhaseRun | None = None

    def events(self) -> Iterator[Event]:
        """Trains, and yields what happens as it happens; whoever stops iterating stops the run.

        Raises:
            DivergenceError: Training diverged, and the run is to stop on that.
        """
        return (event for event in self.advance() if not isinstance(event, EpochDue))

    def advance(self) -> Iterator[Event | EpochDue]:
        """The same, with each epoch before it is trained, for whoever would train it together with others."""
        run, completed = self.run, self._completed
        prepare_process(run.threads)
        goes_on = completed > 0 or len(self._past.states) > 0
        untrained = Evaluation((), (), ()) if goes_on else _evaluate(run, learned=0)
        yield RunStarted(run.info.classes, untrained.accuracy, untrained.task_aware, completed)
        for task in run.tasks[completed:]:
            try:
                yield from self._learn(task)
            except Exception as failure:
                failure.add_note(self._whereabouts(task))
                raise
            self._past = _BEGINNING

    @property
    def is_between_epochs(self) -> bool:
        """Whether an epoch of a phase has ended, and nothing came after it."""
        return self._phase is not None and bool(self._events) and isinstance(self._events[-1], EpochEnded)

    def resume_point(self) -> ResumePoint:
        """How far the task has come, right after an epoch ended; its tensors are those that are being trained."""
        assert self._phase is not None
        assert self.is_between_epochs, "the network is ahead of what was reported of it"
        states = (*self._states, self._phase.state_dict())
        return ResumePoint(tuple(self._events), states, time.perf_counter() - self._started)

    def _learn(self, task: Task) -> Iterator[Event | EpochDue]:
        self._started = time.perf_counter() - self._past.seconds
        run, streams = self.run, self.run.streams.at("task", task.index)
        self._events, self._states = list(self._past.events), []
        replayed = run.strategy.replay_count(task.index, len(task.train))
        if self._past.states:
            yield _resumed(task, replayed, self._past)
        else:
            yield TaskStarted(task.index, len(task.train), replayed)
        phases, between = phases_of(run, task), FlopCounter()
        own_samples: dict[str, int] = {}
        while True:
            # What a strategy computes between its phases is a part of what the task costs.
            with between:
                phase = next(phases, None)
            if phase is None:
                break
            own_samples[phase.name] = len(task.train) if phase.own_samples is None else phase.own_samples
            self._phase = PhaseRun(phase, task.index, run, streams.at(phase.name), len(self._states))
            for event in self._carry_out(self._phase):
                if isinstance(event, EpochDue):
                    yield from self._waited_for(event)
                else:
                    self._events.append(event)
                    yield event
            self._states.append({name: tensor.clone() for name, tensor in self._phase.state_dict().items()})
            self._phase = None
        yield from _show_replay(run, task, streams)
        epochs = [event for event in self._events if isinstance(event, EpochEnded)]
        weight = weigh(run.strategy)
        operations = sum(event.operations for event in epochs) + between.total
        evaluation = _evaluate(run, learned=task.index + 1)
        if run.strategy.is_adaptive:  # Before anybody keeps its state, of which the past is a part.
            run.strategy.past = _past(run, epochs, replayed, operations)
        yield TaskEnded(
            task=task.index,
            accuracy=evaluation.accuracy,
            task_aware=evaluation.task_aware,
            confusion=evaluation.confusion,
            seconds=time.perf_counter() - self._started,
            model_bytes=weight.model,
            buffer_bytes=weight.buffer,
            operations=operations,
            single_pass=sum(event.per_sample * own_samples[event.phase] for event in epochs if event.epoch == 1),
            extra_bytes=weight.extras,
            parameters=run.strategy.parts.parameters,
            sizes=run.strategy.parts.bytes,
        )

    def _waited_for(self, due: EpochDue) -> Iterator[EpochDue]:
        """Yields an epoch; the time in which others are trained meanwhile is none of the task's."""
        began = time.perf_counter()
        yield due
        self._started += time.perf_counter() - began - due.seconds

    def _whereabouts(self, task: Task) -> str:
        phase = "" if self._phase is None else f", {self._phase.whereabouts()}"
        return f"in task {task.index + 1}{phase}"

    def _carry_out(self, phase: PhaseRun) -> Iterator[PhaseEvent | EpochDue]:
        """Carries out a phase from where it was left; one that was over then is only brought to its end."""
        index, states = len(self._states), self._past.states
        if index < len(states):
            phase.load_state_dict(states[index], [event for event in self._events if event.phase == phase.phase.name])
        if index >= len(states) - 1:
            yield from phase.events()


def phases_of(run: Run, task: Task) -> Iterator[Phase]:
    """Begins a task, and gives its phases: the next one is to be asked for once the one before is trained."""
    streams = run.streams.at("task", task.index)
    begin_task(run.strategy, task.classes, streams)
    if run.info.setting == "task":  # Which units compete for a sample is a matter of its task, not of its label.
        own = torch.full_like(task.train.y, task.index)
        task = replace(task, train=replace(task.train, task=own))
    return iter(run.strategy.phases(task, streams))


def _evaluate(run: Run, learned: int) -> Evaluation:
    for network in run.strategy.networks.values():
        network.eval()
    return evaluate(run.strategy, run.info, run.tasks, run.split, learned)


def _past(run: Run, epochs: Sequence[EpochEnded], replayed: int, operations: int) -> Past:
    """The past of a strategy with the task that is just over."""
    past, losses = run.strategy.past, defaultdict[str, tuple[float, ...]](tuple)
    for event in epochs:
        if event.loss is not None:
            losses[event.phase] += (event.loss,)
    row = evaluate(run.strategy, run.info, run.tasks, "validation", learned=len(past.accuracy) + 1).accuracy
    return past.and_then(row, dict(losses), replayed, operations)


def _resumed(task: Task, replayed: int, past: ResumePoint) -> TaskResumed:
    """Where a task goes on."""
    phase = [event for event in past.events if isinstance(event, PhaseStarted)][-1]
    epochs = [event for event in past.events if isinstance(event, EpochEnded)]
    seconds: defaultdict[str, float] = defaultdict(float)
    for event in epochs:
        seconds[event.phase] += event.seconds
    return TaskResumed(
        task=task.index,
        current=len(task.train),
        replayed=replayed,
        phase=phase.phase,
        epochs=phase.epochs,
        epoch=epochs[-1].epoch,
        operations=sum(event.operations for event in epochs),
        seconds=dict(seconds),
    )


def train(run: Run) -> Iterator[Event]:
    """Trains a run from its beginning; see ``Trainer.events``."""
    return Trainer(run).events()


def _show_replay(run: Run, task: Task, streams: Streams) -> Iterator[Event]:
    """What would be replayed next, and whether it has lost classes."""
    examples = run.strategy.preview(DRAWN, streams)
    if examples is None or len(examples) == 0:
        return
    seen, soft = run.info.seen(task.index + 1), examples.soft
    counts = torch.bincount(examples.y, minlength=run.info.outputs) if soft is None else soft.double().sum(0)
    coverage = {label: float(counts[label]) / len(examples) for label in seen}
    shown = examples[:SHOWN].to(torch.device("cpu"))
    yield ReplayShown(task.index, shown.x.numpy(), shown.y.numpy(), coverage)
    lost = [label for label, share in coverage.items() if share < LOST / len(seen)]
    if lost:
        names = ", ".join(str(label) for label in lost)
        classes = f"class {names}: it is" if len(lost) == 1 else f"classes {names}: they are"
        yield Warned(task.index, "replay", f"replay has lost the {classes} under 1 % of a fair share")
