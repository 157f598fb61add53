"""The queue: every item to one worker, and back from a dead one."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from cltk.errors import ConfigError
from cltk_studies.questions.items import Item
from cltk_studies.work import queue as module
from cltk_studies.work.database import check_apart, open_database
from cltk_studies.work.liveness import is_gone, this_process
from cltk_studies.work.queue import Queue


@pytest.fixture
def queue(store: Path) -> Queue:
    return Queue(open_database(store), "study", ["maximize"])


def drain(store: Path) -> list[str]:
    queue = Queue(open_database(store), "study", ["maximize"])
    keys = []
    while trial := queue.claim():
        keys.append(trial.user_attrs["key"])
        queue.finish(trial, [1.0])
    return keys


def dead_process() -> dict[str, object]:
    """What this machine's process table does not hold any more."""
    code = "import json; from cltk_studies.work.liveness import this_process; print(json.dumps(this_process()))"
    import json

    found: dict[str, object] = json.loads(subprocess.check_output([sys.executable, "-c", code]))
    return found


def test_each_item_is_taken_by_one_of_several_processes(queue: Queue, store: Path) -> None:
    queue.submit([Item(str(number)) for number in range(40)])
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        keys = [key for taken in pool.map(drain, [store] * 3) for key in taken]
    assert sorted(keys, key=int) == [str(number) for number in range(40)]


def test_what_waits_or_runs_is_not_queued_twice(queue: Queue) -> None:
    queue.submit([Item("a"), Item("b")])
    queue.claim()
    queue.submit([Item("a"), Item("b"), Item("c")])
    assert {key: state.status for key, state in queue.states().items()} == {
        "a": "running",
        "b": "waiting",
        "c": "waiting",
    }


def test_what_a_dead_process_had_is_taken_again_once(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.submit([Item("a")])
    with monkeypatch.context() as patch:
        patch.setattr(module, "this_process", dead_process)
        assert queue.claim() is not None
    again = queue.claim()
    assert again is not None
    assert again.user_attrs["key"] == "a"
    assert queue.claim() is None
    queue.finish(again, [0.5])
    assert queue.claim() is None
    assert queue.states()["a"].status == "finished"


def test_a_process_that_died_before_it_signed_is_noticed(queue: Queue) -> None:
    queue.submit([Item("a")])
    assert len(queue.study.get_trials()) == 1
    queue.study.ask()
    assert queue.claim() is not None


def test_a_kill_between_losing_and_queueing_again_loses_nothing(queue: Queue) -> None:
    import optuna

    queue.submit([Item("a")])
    trial = queue.claim()
    assert trial is not None
    queue.study.tell(trial, state=optuna.trial.TrialState.FAIL)
    assert queue.states()["a"].status == "waiting"
    assert queue.under_way()
    assert queue.claim() is not None


def test_what_is_broken_off_is_queued_again_with_its_parameters(queue: Queue) -> None:
    queue.submit([Item("a")])
    trial = queue.claim()
    assert trial is not None
    value = trial.suggest_float("x", 0, 1)
    with pytest.raises(KeyboardInterrupt), queue.kept(trial):
        raise KeyboardInterrupt
    again = queue.claim()
    assert again is not None
    assert again.suggest_float("x", 0, 1) == value


def test_a_failed_item_stays_failed_until_it_is_submitted_again(queue: Queue) -> None:
    queue.submit([Item("a")])
    trial = queue.claim()
    assert trial is not None
    queue.fail(trial, "it diverged")
    assert queue.claim() is None
    assert queue.states()["a"].error == "it diverged"
    queue.submit([Item("a")])
    assert queue.claim() is not None


def test_another_study_of_the_same_name_is_refused(queue: Queue) -> None:
    queue.define({"schema": "x"}, {"seeds": [0], "cells": {"a": "1"}})
    queue.define({"schema": "x"}, {"seeds": [0], "cells": {"a": "1"}})
    with pytest.raises(ConfigError, match="differs in cells"):
        queue.define({"schema": "x"}, {"seeds": [0], "cells": {"a": "2"}})


def test_liveness() -> None:
    here = this_process()
    assert not is_gone(here)
    assert is_gone({**here, "started": "1"})
    assert not is_gone({**here, "host": "elsewhere", "started": "1"})
    assert is_gone(dead_process())


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
            check_apart(store, f"sqlite:///{store}/mlflow.db")
        with pytest.raises(ConfigError, match="do not go together"):
            check_apart(store, "postgresql://me:secret@127.0.0.1/db", ["postgresql+psycopg2://you@localhost:5432/db"])
        check_apart(store)

    def test_a_database_of_something_else_is_refused(self, store: Path) -> None:
        import sqlite3

        store.mkdir()
        with sqlite3.connect(store / "optuna.db") as connection:
            connection.execute("CREATE TABLE experiments (a INTEGER)")
        connection.close()
        with pytest.raises(ConfigError, match="other tables"):
            open_database(store)

    def test_a_storage_that_was_half_made_is_made_whole(self, store: Path) -> None:
        import sqlite3

        store.mkdir()
        with sqlite3.connect(store / "optuna.db") as connection:
            connection.execute("CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name VARCHAR(512))")
        connection.close()
        Queue(open_database(store), "study", ["maximize"]).submit([Item("a")])

    @pytest.mark.parametrize("url", ["mysql://a/b", "nothing", "redis://localhost"])
    def test_other_kinds_of_storage_are_refused(self, store: Path, url: str) -> None:
        with pytest.raises(ConfigError, match="cannot be kept"):
            open_database(store, url)

    @pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:9/nothing", "sqlite:////proc/nothing/optuna.db"])
    def test_a_storage_that_cannot_be_reached_is_named(self, store: Path, url: str) -> None:
        with pytest.raises(ConfigError, match="does not work") as caught:
            open_database(store, url)
        assert "--study-db" in caught.value.advice
