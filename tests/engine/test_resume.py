"""A trainer that goes on within a task tells what happens from there on, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from cltk.engine import ResumePoint, Run, Trainer, train
from cltk.events import EpochEnded, Event, PhaseStarted, RunStarted, TaskEnded, TaskResumed, TaskStarted, Warned
from cltk.interfaces import Training

MakeRun = Callable[..., Run]
TRAINING = Training(epochs=60, min_steps=0, batch_size=5)
"""180 steps in the first task: its problems are noticed in the middle."""
FIRST = 61
"""Epochs of the first task, its fit among them."""


def timeless(event: Event) -> Event:
    return replace(event, seconds=0.0) if isinstance(event, EpochEnded | TaskEnded) else event


def up_to(run: Run, epochs: int) -> tuple[Trainer, list[Event]]:
    """Trains for some epochs; returns the trainer, and what it told."""
    trainer, events = Trainer(run), list[Event]()
    for event in trainer.events():
        events.append(event)
        if sum(isinstance(event, EpochEnded) for event in events) == epochs:
            break
    return trainer, events


def kept(progress: ResumePoint) -> ResumePoint:
    """A copy, as a file would hold it."""
    states: list[dict[str, Tensor]] = [{name: t.clone() for name, t in state.items()} for state in progress.states]
    return replace(progress, states=states)


@pytest.mark.parametrize("epochs", [1, 30, 34, 35, 59, 60, 61])
def test_what_both_attempts_tell_is_what_one_tells(make_run: MakeRun, epochs: int) -> None:
    whole = [timeless(event) for event in train(make_run(training=TRAINING, fits=[]))]
    trainer, before = up_to(make_run(training=TRAINING, fits=[]), epochs)
    run = make_run(training=TRAINING, fits=[])
    begun, resumed, *after = Trainer(run, point=kept(trainer.resume_point())).events()
    assert isinstance(begun, RunStarted)
    assert begun.goes_on
    assert isinstance(resumed, TaskResumed)
    assert [timeless(event) for event in (*before, *after)] == whole
    if epochs < FIRST:
        (phase,) = [event for event in before if isinstance(event, PhaseStarted)]
        done = [event for event in before if isinstance(event, EpochEnded)]
        assert (resumed.task, resumed.phase, resumed.epochs, resumed.epoch) == (0, phase.phase, phase.epochs, epochs)
        assert resumed.operations == sum(event.operations for event in done)
        assert resumed.seconds == pytest.approx({phase.phase: sum(event.seconds for event in done)})


def test_the_network_goes_on_from_where_it_was(make_run: MakeRun) -> None:
    whole, resumed = make_run(training=TRAINING), make_run(training=TRAINING)
    trainer, _ = up_to(make_run(training=TRAINING), 7)
    list(train(whole))
    list(Trainer(resumed, point=kept(trainer.resume_point())).events())
    for one, other in zip(*(run.strategy.state_dict().values() for run in (whole, resumed)), strict=True):
        assert torch.equal(one, other)


def test_going_on_time_and_again_tells_each_thing_once(make_run: MakeRun) -> None:
    """Every attempt is stopped after one epoch, two in turn are stopped before they have done any."""
    progress: ResumePoint | None = None
    told: list[Event] = []
    for attempt in range(3 * FIRST):
        trainer = Trainer(make_run(training=TRAINING, fits=[]), point=progress)
        for event in trainer.events():
            if isinstance(event, TaskResumed) and attempt % 3:
                break
            if not isinstance(event, RunStarted | TaskResumed):
                told.append(timeless(event))
            if isinstance(event, EpochEnded):
                progress = kept(trainer.resume_point())
                break
            if isinstance(event, TaskEnded):
                break
    whole = [
        timeless(event) for event in train(make_run(training=TRAINING, fits=[])) if not isinstance(event, RunStarted)
    ]
    assert told == whole[: len(told)]
    assert sum(isinstance(event, EpochEnded) for event in told) == FIRST
    assert sum(isinstance(event, Warned) for event in told) <= 1
    assert sum(isinstance(event, TaskStarted) for event in told) == 1


def test_seconds_are_those_of_all_attempts(make_run: MakeRun) -> None:
    trainer, before = up_to(make_run(training=TRAINING), 10)
    progress = replace(kept(trainer.resume_point()), seconds=1000.0)
    ended = next(e for e in Trainer(make_run(training=TRAINING), point=progress).events() if isinstance(e, TaskEnded))
    assert 1000 < ended.seconds < 1100
    assert trainer.resume_point().seconds >= sum(event.seconds for event in before if isinstance(event, EpochEnded))


def test_there_is_no_checkpoint_in_the_middle_of_an_epoch_or_before_one(make_run: MakeRun) -> None:
    trainer = Trainer(make_run(training=TRAINING))
    for event in trainer.events():
        if isinstance(event, PhaseStarted):
            break
    with pytest.raises(AssertionError):
        trainer.resume_point()
