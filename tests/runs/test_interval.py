"""How often checkpoints within a task are written."""

from __future__ import annotations

import time

import pytest

from cltk.runs.interval import Interval


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_first_is_due_after_a_while(clock: list[float]) -> None:
    interval = Interval(60)
    clock[0] += 59
    assert not interval.due
    clock[0] += 1
    assert interval.due


@pytest.mark.parametrize(("cost", "wait"), [(0.25, 60), (5, 500)])
def test_the_next_one_keeps_a_distance_and_slow_ones_are_rare(clock: list[float], cost: float, wait: float) -> None:
    interval = Interval(60)
    with interval.writing():
        clock[0] += cost
    clock[0] += wait - 1
    assert not interval.due
    clock[0] += 1
    assert interval.due
