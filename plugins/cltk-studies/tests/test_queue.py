"""The queue: every item to one worker, and back from a dead one."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from cltk.errors import ConfigError
from cltk_studies.questions.items import Item
from cltk_studies.work.database import check_apart, open_database
from cltk_studies.work.journal import journal_path
from cltk_studies.work.queue import Queue

from .conftest import Clock


@pytest.fixture
def queue(store: Path) -> Queue:
    return Queue(open_database(store), "study", ["maximize"])


def drain(store: Path) -> list[str]:
    queue = Queue(open_database(store), "study", ["maximize"])
    keys = []
    while lease := queue.claim():
        keys.append(lease.trial.user_attrs["key"])
        lease.finish([1.0])
    return keys


def test_each_item_is_taken_by_one_of_several_processes(queue: Queue, store: Path) -> None:
    queue.submit([Item(str(number)) for number in range(40)])
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        keys = [key for taken in pool.map(drain, [store] * 3) for key in taken]
    assert sorted(keys, key=int) == [str(number) for number in range(40)]


def test_what_was_queued_or_taken_since_a_look_is_found(queue: Queue, store: Path) -> None:
    """A process takes items from what it saw a moment ago, as others do."""
    queue.submit([Item(str(number)) for number in range(4)])
    other = Queue(open_database(store), "study")
    leases = [queue.claim(), other.claim(), other.claim(), queue.claim()]
    other.submit([Item("4")])
    leases.append(queue.claim())
    assert sorted(lease.trial.user_attrs["key"] for lease in leases if lease) == ["0", "1", "2", "3", "4"]
    assert queue.claim() is None
    assert other.claim() is None


def test_what_waits_or_runs_is_not_queued_twice(queue: Queue) -> None:
    queue.submit([Item("a"), Item("b")])
    queue.claim()
    queue.submit([Item("a"), Item("b"), Item("c")])
    assert {key: state.status for key, state in queue.states().items()} == {
        "a": "running",
        "b": "waiting",
        "c": "waiting",
    }


def test_what_a_dead_worker_had_is_taken_back_at_once_and_done_once(queue: Queue) -> None:
    queue.submit([Item("a"), Item("b")])
    assert queue.claim("launch/1") is not None
    assert queue.claim("other/1") is not None
    queue.take_back("launch", "it was killed")
    again = queue.claim("launch/2")
    assert again is not None
    assert queue.claim() is None
    again.finish([0.5])
    assert queue.claim() is None
    assert sorted(state.status for state in queue.states().values()) == ["finished", "running"]


def test_a_kill_between_losing_and_queueing_again_loses_nothing(queue: Queue, clock: Clock) -> None:
    import optuna

    queue.submit([Item("a")])
    lease = queue.claim()
    assert lease is not None
    queue.study.tell(lease.trial, state=optuna.trial.TrialState.FAIL)
    assert queue.states()["a"].status == "waiting"
    assert queue.under_way()
    assert queue.claim() is None  # Whoever ended it may just be about to queue it again.
    clock.now += 6
    queue.claim()  # Queues it again, for the next look.
    assert queue.claim() is not None


def test_what_is_broken_off_is_queued_again_with_its_parameters(queue: Queue) -> None:
    queue.submit([Item("a")])
    lease = queue.claim()
    assert lease is not None
    value = lease.trial.suggest_float("x", 0, 1)
    with pytest.raises(KeyboardInterrupt), lease.kept():
        raise KeyboardInterrupt
    again = queue.claim()
    assert again is not None
    assert again.trial.suggest_float("x", 0, 1) == value


def test_a_failed_item_stays_failed_until_it_is_submitted_again(queue: Queue) -> None:
    queue.submit([Item("a")])
    lease = queue.claim()
    assert lease is not None
    lease.fail("it diverged")
    assert queue.claim() is None
    assert queue.states()["a"].error == "it diverged"
    queue.submit([Item("a")], queue.attempts())
    assert queue.claim() is not None


def test_an_item_that_was_queued_twice_is_done_once(queue: Queue, store: Path) -> None:
    """As when two commands submit it at the same moment, or two workers queue a lost one again."""
    queue.submit([Item("a")])
    queue.study.enqueue_trial({}, user_attrs={"key": "a"})
    first = queue.claim()
    assert first is not None
    assert queue.claim() is None
    first.finish([1.0])
    assert queue.claim() is None
    assert not queue.under_way()


def test_a_finished_item_that_is_submitted_again_is_done_again(queue: Queue) -> None:
    for value in (1.0, 2.0):
        queue.submit([Item("a")], queue.attempts())
        lease = queue.claim()
        assert lease is not None
        lease.finish([value])
    assert queue.states()["a"].trial.value == 2.0


@pytest.mark.parametrize("status", ["waiting", "running"])
def test_what_another_process_had_under_way_and_has_finished_since_is_not_done_again(queue: Queue, status: str) -> None:
    """As when a second command begins a study, and looks for records a moment before the first finishes an item."""
    queue.submit([Item("a")])
    before = queue.attempts() if status == "waiting" else {}
    lease = queue.claim()
    assert lease is not None
    before = before or queue.attempts()
    assert before["a"].current.state.name.lower() == status
    lease.finish([1.0])
    queue.submit([Item("a")], before)
    assert queue.claim() is None


@pytest.mark.parametrize("already_failed", [False, True])
def test_what_another_process_finishes_before_an_item_is_submitted_is_not_done_again(
    queue: Queue, already_failed: bool
) -> None:
    """As when two commands begin one study: the second looks for what is to be done, and the first is quicker."""
    if already_failed:
        queue.submit([Item("a")])
        failed = queue.claim()
        assert failed is not None
        failed.fail("it diverged")
    before = queue.attempts()
    queue.submit([Item("a")], before)
    lease = queue.claim()
    assert lease is not None
    lease.finish([1.0])
    queue.submit([Item("a")], before)
    assert queue.claim() is None
    assert queue.states()["a"].status == "finished"


def open_fresh(folder: Path) -> str:
    try:
        Queue(open_database(folder), "study", ["maximize"])
    except Exception as error:
        return repr(error)
    return ""


@pytest.mark.parametrize("processes", [2])
def test_processes_that_open_a_fresh_store_at_once_do_not_fail(tmp_path: Path, processes: int) -> None:
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for attempt in range(20):
            assert pool.map(open_fresh, [tmp_path / str(attempt)] * processes, chunksize=1) == [""] * processes


class TestStudyDatabase:
    def test_mlflow_and_optuna_must_not_share_a_database(self, store: Path) -> None:
        with pytest.raises(ConfigError, match="do not go together"):
            check_apart("postgresql://me:secret@127.0.0.1/db", ["postgresql+psycopg2://you@localhost:5432/db"])
        check_apart(str(store))

    @pytest.mark.parametrize("url", ["mysql://a/b", "redis://localhost", "sqlite:///a/optuna.db"])
    def test_other_kinds_of_storage_are_refused(self, url: str) -> None:
        with pytest.raises(ConfigError, match="cannot be kept"):
            open_database(url)

    @pytest.mark.parametrize("where", ["postgresql://nobody@127.0.0.1:9/nothing", "/proc/nothing"])
    def test_a_storage_that_cannot_be_reached_is_named(self, where: str) -> None:
        with pytest.raises(ConfigError, match="does not work") as caught:
            open_database(where)
        assert "--study-db" in caught.value.advice

    def test_a_folder_that_is_not_shared_is_told_apart(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="is it shared"):
            open_database(tmp_path, is_there=True)

    def test_half_a_line_at_its_end_is_dropped(self, store: Path, queue: Queue) -> None:
        """As a full disk leaves it: what is appended next would be a part of that line, and all after it unreadable."""
        with journal_path(store).open("ab") as file:
            file.write(b'{"op_code": 4, "worker')
        queue.submit([Item("a")])
        queue.submit([Item("b")])
        assert set(Queue(open_database(store), "study").states()) == {"a", "b"}
