"""A strategy under test, run through the engine on made-up tasks with everything it does noted down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from cltk.engine import ResumePoint, Run, Trainer, state_of
from cltk.events import Event, PhaseStarted, TaskEnded, TaskStarted
from cltk.interfaces import Examples, IncrementalSetting, Parts, ScenarioInfo, Strategy, Streams, Task
from cltk.testing.outcome import Outcome
from cltk.testing.sequences import info_of, settings_taken, tasks_of
from cltk.testing.slots import Slots
from cltk.testing.subject import Subject

__all__ = ["CPU", "Trace", "build", "predicted", "snapshot", "trace", "trainer_of", "usual_setting", "usual_trace"]

CPU = torch.device("cpu")


@dataclass(slots=True)
class Trace:
    """A strategy and what was seen of it.

    Attributes:
        info: The tasks in short.
        strategy: As it is now.
        slots: What it was built from.
        seed: Of its streams.
        scores: After each task, what it predicts for the test samples of all tasks, (N, K).
        phases: The names of each task's phases, by task.
        replayed: What it said of the samples replayed in an epoch of each task.
        stored: What it said of its buffer after each task, in bytes.
    """

    info: ScenarioInfo
    strategy: Strategy
    slots: Slots
    seed: int = 0
    scores: list[Tensor] = field(default_factory=list)
    phases: dict[int, list[str]] = field(default_factory=dict)
    replayed: list[int] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)

    def note(self, event: Event) -> None:
        """Takes down what happened, and what the strategy predicts once a task is over."""
        if isinstance(event, TaskStarted):
            self.replayed.append(event.replayed)
        if isinstance(event, PhaseStarted):
            self.phases.setdefault(event.task, []).append(event.phase)
        if isinstance(event, TaskEnded):
            # Of tasks that nobody spoiled: what is hidden from a strategy is hidden while it learns.
            self.scores.append(predicted(self.strategy, torch.cat([task.test.x for task in tasks_of(self.info)])))
            self.stored.append(event.buffer_bytes)

    def accuracy(self, task: int) -> float:
        """On a task, from 0, right after it was learned: the share of its test samples that are right."""
        tests = [other.test for other in tasks_of(self.info)]
        scores = torch.split(self.scores[task], [len(test) for test in tests])[task]
        if self.info.setting == "task":
            scores = _among(scores, self.info.classes[task])
        return float((scores.argmax(1) == tests[task].y).float().mean())

    def outcome(self) -> Outcome:
        """What was predicted after each task, and all that the strategy holds now."""
        predictions = {f"predictions after task {task + 1}": scores for task, scores in enumerate(self.scores)}
        return predictions | snapshot(self.strategy)


@lru_cache(maxsize=8)
def usual_setting(subject: Subject) -> IncrementalSetting:
    """The first setting that it can be built for."""
    return settings_taken(lambda info: _build(subject, info, CPU))[0]


def build(
    subject: Subject, setting: IncrementalSetting | None = None, device: torch.device = CPU, seed: int = 0
) -> Trace:
    """A new strategy, before its first task.

    Args:
        subject: The strategy.
        setting: How its classes fall into tasks; the first that it can be built for, by default.
        device: Where it learns.
        seed: Of its streams.
    """
    return _build(subject, info_of(setting=setting or usual_setting(subject)), device, seed)


def trace(
    subject: Subject,
    setting: IncrementalSetting | None = None,
    *,
    hide: Sequence[str] = (),
    device: torch.device = CPU,
    seed: int = 0,
) -> Trace:
    """Learns all tasks.

    Args:
        subject: The strategy.
        setting: As of ``build``.
        hide: ``held out``: test and validation data are made useless while it learns, the latter unless its schedule
            looks back, which goes by them. ``past``: so is the training data of every task but the one that is learned.
        device: As of ``build``, like ``seed``.
        seed: Of its streams.
    """
    made = build(subject, setting, device, seed)
    shown = [task.to(device) for task in tasks_of(made.info)]
    if "held out" in hide:
        for task in shown:
            _spoil(task.test, made.info)
            if not made.strategy.is_adaptive:
                _spoil(task.validation, made.info)
    for event in trainer_of(made, shown).events():
        if isinstance(event, TaskStarted) and "past" in hide:
            _reveal_only(event.task, shown, made.info)
        made.note(event)
    return made


@lru_cache(maxsize=8)
def usual_trace(subject: Subject, setting: IncrementalSetting | None = None) -> Trace:
    """Learns all tasks, with nothing hidden; the same trace whenever it is asked for."""
    return trace(subject, setting)


def trainer_of(made: Trace, tasks: Sequence[Task], completed: int = 0, point: ResumePoint | None = None) -> Trainer:
    """What trains the strategy of a trace, from where it was left."""
    # What is hidden may well make a loss infinite; what comes of it is to be compared.
    streams = Streams(made.seed, device=made.strategy.device)
    run = Run(made.info, tasks, made.strategy, streams, stop_on_divergence=False)
    return Trainer(run, completed, point)


def snapshot(strategy: Strategy) -> dict[str, Tensor]:
    """A copy of all that it holds."""
    return {name: tensor.detach().clone() for name, tensor in state_of(strategy).items()}


@torch.no_grad()
def predicted(strategy: Strategy, x: Tensor) -> Tensor:
    """The scores of images, on the CPU."""
    return strategy.predict(x.to(strategy.device)).detach().cpu()


def _build(subject: Subject, info: ScenarioInfo, device: torch.device, seed: int = 0) -> Trace:
    slots = Slots(subject, info, device, seed)
    return Trace(info, subject.build(info, Parts(slots, device), seed=seed), slots, seed)


def _among(scores: Tensor, classes: Sequence[int]) -> Tensor:
    """The scores, with those of all other classes below them."""
    others = torch.ones(scores.shape[1], dtype=torch.bool)
    others[list(classes)] = False
    return scores.masked_fill(others, float("-inf"))


def _reveal_only(index: int, shown: Sequence[Task], info: ScenarioInfo) -> None:
    for task, clean in zip(shown, tasks_of(info), strict=True):
        if task.index == index:
            task.train.x.copy_(clean.train.x)
            task.train.y.copy_(clean.train.y)
        else:
            _spoil(task.train, info)


def _spoil(examples: Examples, info: ScenarioInfo) -> None:
    """Overwrites the samples in place: whoever kept a reference to them keeps nothing."""
    examples.x.fill_(float("nan"))
    examples.y.copy_((examples.y + 1) % info.outputs)
