"""Leases: who falls silent loses what it does, and nothing but silence, or its launcher, decides that."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk_studies.questions.items import Item
from cltk_studies.work.database import open_database
from cltk_studies.work.lease import Lease, LeaseLostError
from cltk_studies.work.limits import Limits
from cltk_studies.work.queue import Queue

from .conftest import Clock


@pytest.fixture
def queue(store: Path) -> Queue:
    queue = Queue(open_database(store), "study", ["maximize"])
    queue.submit([Item("a")])
    return queue


@pytest.fixture
def other(queue: Queue, store: Path) -> Queue:
    """The same queue, as another process sees it."""
    return Queue(open_database(store), "study")


def claimed(queue: Queue) -> Lease:
    lease = queue.claim()
    assert lease is not None
    return lease


def test_the_silent_lose_it_to_the_next(queue: Queue, other: Queue, clock: Clock) -> None:
    first = claimed(queue)
    assert other.claim() is None
    clock.now += 89
    assert other.claim() is None
    clock.now += 2
    other.claim()
    second = claimed(other)
    with pytest.raises(LeaseLostError):
        first.confirm()
    with pytest.raises(LeaseLostError):
        first.finish([0.0])
    second.finish([1.0])
    (state,) = queue.states().values()
    assert state.status == "finished"
    assert state.trial.value == 1.0


def test_who_gives_signs_of_life_keeps_it(queue: Queue, other: Queue, clock: Clock) -> None:
    first = claimed(queue)
    for _ in range(10):
        other.claim()
        clock.now += 60
        first.sign()
    assert other.claim() is None
    first.finish([1.0])


def test_signs_of_life_are_given_while_it_works(queue: Queue, other: Queue) -> None:
    queue.limit(Limits(lease=0.5))
    with claimed(queue).kept() as _:
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            assert other.claim() is None
            time.sleep(0.05)


def test_an_observer_that_has_just_come_takes_nothing(queue: Queue, store: Path, clock: Clock) -> None:
    """A clock of another machine plays no part: silence is what one has heard oneself."""
    claimed(queue)
    clock.now += 1_000_000
    assert Queue(open_database(store), "study").claim() is None


@pytest.mark.parametrize("host", ["another", ""])
def test_names_of_machines_and_numbers_of_processes_decide_nothing(
    queue: Queue, other: Queue, clock: Clock, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Two containers of one name, or one machine whose name changes."""
    monkeypatch.setattr("socket.gethostname", lambda: host or "same")
    monkeypatch.setattr("os.getpid", lambda: 2**30)
    first = claimed(queue)
    monkeypatch.setattr("socket.gethostname", lambda: "same")
    assert other.claim() is None
    first.finish([1.0])


def test_an_item_that_kills_its_workers_is_given_up(queue: Queue) -> None:
    for number in range(3):
        assert queue.claim(f"launch-{number}") is not None
        queue.take_back(f"launch-{number}", "it was killed by SIGKILL, perhaps for want of memory")
    assert queue.claim() is None
    (state,) = queue.states().values()
    assert state.status == "failed"
    assert state.error is not None
    assert "lost 3 times" in state.error
    assert "want of memory" in state.error
    queue.submit([Item("a")], queue.attempts())
    assert queue.claim() is not None


def test_what_is_given_back_is_not_held_against_it(queue: Queue) -> None:
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt), claimed(queue).kept():
            raise KeyboardInterrupt
    assert queue.claim() is not None


@pytest.mark.parametrize(("limit", "tries"), [(0, 1), (2, 3)])
def test_what_failed_is_tried_again_as_often_as_wanted(queue: Queue, limit: int, tries: int) -> None:
    count = 0
    while lease := queue.claim():
        count += 1
        lease.fail("it broke", retry=lease.retries < limit)
    assert count == tries
    assert queue.states()["a"].error == "it broke"


def test_a_run_of_a_lost_lease_writes_nothing_more(store: Path, make_digits: Callable[..., Any], machine: Any) -> None:
    from cltk.build import prepare
    from cltk.runs.runner import execute

    calls = []

    def permit() -> None:
        calls.append({path: path.read_bytes() for path in store.rglob("*") if path.is_file()})
        if len(calls) == 4:
            raise LeaseLostError

    with pytest.raises(LeaseLostError):
        execute(prepare(make_digits(), machine), 0, store, permit=permit, checkpoint_every=0)
    assert {path: path.read_bytes() for path in store.rglob("*") if path.is_file()} == calls[-1]
