"""The share of a task that is done never falls, and ends at one."""

from __future__ import annotations

import pytest

from cltk.events import EpochEnded, PhaseStarted, TaskResumed
from cltk.runs.share import TaskShare


def started(phase: str, epochs: int) -> PhaseStarted:
    return PhaseStarted(task=1, phase=phase, epochs=epochs, steps=7)


def ended(phase: str, epoch: int) -> EpochEnded:
    return EpochEnded(1, phase, epoch, loss=1.0, seconds=0.1, operations=5, per_sample=1)


def test_phases_of_the_task_before_stand_for_those_to_come() -> None:
    share = TaskShare({"classifier": 2, "generator": 6})
    values = [share.value]
    for event in (started("classifier", 2), ended("classifier", 1), ended("classifier", 2), started("generator", 6)):
        share.observe(event)
        values.append(share.value)
    for epoch in range(1, 7):
        share.observe(ended("generator", epoch))
        values.append(share.value)
    assert values == pytest.approx([0, 0, 1 / 8, 2 / 8, 2 / 8, *(done / 8 for done in range(3, 9))])


def test_in_the_first_task_every_phase_is_half_of_what_is_left() -> None:
    share = TaskShare({})
    values = [share.value]
    for event in (started("a", 1), ended("a", 1), started("b", 2), ended("b", 1), ended("b", 2)):
        share.observe(event)
        values.append(share.value)
    assert values == pytest.approx([0, 0, 0.5, 0.5, 1 - 0.5**1.5, 0.75])


def test_a_task_that_goes_on_is_as_far_as_it_was() -> None:
    share = TaskShare({"classifier": 2, "generator": 6})
    share.observe(TaskResumed(1, 10, 10, "generator", 6, 3, 99, {"classifier": 1.0, "generator": 2.0}))
    assert share.value == pytest.approx(5 / 8)
    assert share.epochs == {"classifier": 2, "generator": 6}
