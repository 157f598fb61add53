"""A strategy under test, run through the engine on made-up tasks with everything it does noted down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, get_args

import torch
from torch import Tensor

from cltk.config import check
from cltk.engine import Progress, Run, Trainer, load_state, state_of
from cltk.evaluate import evaluate
from cltk.events import EpochEnded, Event, PhaseStarted, TaskEnded, TaskStarted
from cltk.interfaces import Examples, IncrementalSetting, Parts, ScenarioInfo, SlotName, Strategy, Streams, Task
from cltk.testing.outcome import Outcome
from cltk.testing.sequences import info_of, settings_taken, tasks_of
from cltk.testing.standins import Half, Mixture, Perceptron
from cltk.testing.subject import Companion, Subject

__all__ = ["Trace", "build", "resume", "trace", "usual_setting", "usual_trace"]

STANDINS = {
    "generator": Companion(Mixture, {}),
    "classifier": Companion(Perceptron, {}),
    "schedule": Companion(Half, {}),
}


class Slots(Mapping[SlotName, Any]):
    """The components of the slots that are declared; those of the others are there too, but their use is noted.

    In a slot is the companion that the subject has for it, or a stand-in.
    """

    def __init__(self, subject: Subject, info: ScenarioInfo) -> None:
        companions = STANDINS | dict(subject.companions)
        self._parts = {slot: _companion(slot, companions[slot], info) for slot in get_args(SlotName)}
        self._declared = [slot for slot in self._parts if slot in subject.cls.slots]
        self.undeclared: set[str] = set()

    def __getitem__(self, slot: SlotName) -> Any:
        if slot not in self._declared:
            self.undeclared.add(slot)
        return self._parts[slot]

    def __contains__(self, slot: object) -> bool:
        return slot in self._declared

    def __iter__(self) -> Iterator[SlotName]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)


@dataclass(slots=True)
class Trace:
    """A strategy and what was seen of it.

    Attributes:
        info: The tasks in short.
        strategy: As it is after the last task.
        slots: What it was built from.
        accuracy: A row for each task learned.
        phases: The names of each task's phases, by task.
        stored: What it said of its buffer after each task, in bytes.
    """

    info: ScenarioInfo
    strategy: Strategy
    slots: Slots
    accuracy: list[tuple[float, ...]] = field(default_factory=list)
    phases: dict[int, list[str]] = field(default_factory=dict)
    stored: list[int] = field(default_factory=list)

    def outcome(self, rows: int = 0) -> Outcome:
        """The last ``rows`` of accuracy, all by default, and the networks and the state at the end."""
        table = torch.tensor(self.accuracy[-rows:], dtype=torch.float64)
        networks = {
            f"{slot} {name}": value.detach().clone()
            for slot, module in self.strategy.parts.modules.items()
            for name, value in module.state_dict().items()
        }
        state = {f"state {name}": value for name, value in snapshot(self.strategy).items()}
        return {"accuracy": table, **networks, **state}


@lru_cache(maxsize=8)
def usual_setting(subject: Subject) -> IncrementalSetting:
    """The first setting that it can be built for."""
    return settings_taken(lambda info: _build(subject, info))[0]


def build(subject: Subject, setting: IncrementalSetting | None = None) -> Trace:
    """A new strategy, before its first task.

    Args:
        subject: The strategy.
        setting: How its classes fall into tasks; the first that it can be built for, by default.
    """
    return _build(subject, info_of(setting=setting or usual_setting(subject)))


def _build(subject: Subject, info: ScenarioInfo) -> Trace:
    slots = Slots(subject, info)
    return Trace(info, subject.build(info, Parts(slots)), slots)


def trace(subject: Subject, setting: IncrementalSetting | None = None, *, hide: Sequence[str] = ()) -> Trace:
    """Learns all tasks.

    Args:
        subject: The strategy.
        setting: As of ``build``.
        hide: ``held out``: test and validation data are made useless while it learns. ``past``: so is the training
            data of every task but the one that is learned.
    """
    made = build(subject, setting)
    shown = tasks_of(made.info)
    if "held out" in hide:
        for task in shown:
            _spoil(task.test, made.info)
            _spoil(task.validation, made.info)

    def watch(event: Event) -> None:
        if isinstance(event, TaskStarted) and "past" in hide:
            _reveal_only(event.task, shown, made.info)

    return _learn(made, shown, watch)


@lru_cache(maxsize=8)
def usual_trace(subject: Subject, setting: IncrementalSetting | None = None) -> Trace:
    """Learns all tasks, with nothing hidden; the same trace whenever it is asked for."""
    return trace(subject, setting)


def resume(subject: Subject) -> Trace:
    """Learns the first task and an epoch of the second, and has a strategy built anew go on from there."""
    before = build(subject)
    tasks = tasks_of(before.info)
    _learn(before, tasks[:1])
    state = snapshot(before.strategy)
    after = build(subject)
    load_state(after.strategy, state, completed=1)
    return _learn(after, tasks[1:], progress=_begin(subject, state, tasks[1:]))


def _begin(subject: Subject, state: Mapping[str, Tensor], tasks: Sequence[Task]) -> Progress | None:
    """How far the first of the tasks has come after an epoch; None where it trains nothing."""
    made = build(subject)
    load_state(made.strategy, state, completed=1)
    trainer = Trainer(Run(made.info, tasks, made.strategy, Streams(0), stop_on_divergence=False))
    if not any(isinstance(event, EpochEnded) for event in trainer.events()):
        return None
    progress = trainer.progress()
    return replace(progress, states=[{k: v.clone() for k, v in part.items()} for part in progress.states])


def snapshot(strategy: Strategy) -> dict[str, Tensor]:
    """A copy of its state."""
    return {name: tensor.detach().clone() for name, tensor in state_of(strategy).items()}


def _learn(
    made: Trace,
    tasks: Sequence[Task],
    watch: Callable[[Event], None] = lambda event: None,
    progress: Progress | None = None,
) -> Trace:
    """Trains on the tasks as they are shown, and tests on those that nobody spoiled."""
    strategy, whole = made.strategy, tasks_of(made.info)
    # What is hidden may well make a loss infinite; what comes of it is to be compared.
    run = Run(made.info, tasks, strategy, Streams(0), stop_on_divergence=False)
    for event in Trainer(run, progress=progress).events():
        watch(event)
        if isinstance(event, PhaseStarted):
            made.phases.setdefault(event.task, []).append(event.phase)
        if isinstance(event, TaskEnded):
            made.accuracy.append(evaluate(strategy, made.info, whole, "test", event.task + 1).accuracy)
            made.stored.append(event.buffer_bytes)
    return made


def _companion(slot: SlotName, companion: Companion, info: ScenarioInfo) -> Any:
    config = check(companion.cls.Config, dict(companion.settings), companion.cls.__name__)
    with Streams(0).scope("init", slot):
        return companion.cls(config, info)


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
