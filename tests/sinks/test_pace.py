"""How often checkpoints within a task are written."""

from __future__ import annotations

import time

import pytest

from cltk.sinks.pace import Pace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_first_is_due_after_a_while(clock: list[float]) -> None:
    pace = Pace(60)
    clock[0] += 59
    assert not pace.due
    clock[0] += 1
    assert pace.due


def test_slow_ones_are_rare(clock: list[float]) -> None:
    pace = Pace(60)
    with pace.writing():
        clock[0] += 5
    clock[0] += 499
    assert not pace.due
    clock[0] += 1
    assert pace.due


def test_quick_ones_keep_their_distance(clock: list[float]) -> None:
    pace = Pace(60)
    with pace.writing():
        clock[0] += 0.01
    clock[0] += 59
    assert not pace.due
    clock[0] += 1
    assert pace.due
