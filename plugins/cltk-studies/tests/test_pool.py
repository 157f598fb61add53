"""Workers that are processes: what they work on, and what becomes of those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from cltk.errors import CltkError, ConfigError
from cltk.machine import Machine
from cltk_studies.work.database import StudyDatabase, open_database
from cltk_studies.work.pool import Pool, spread_over_gpus
from cltk_studies.work.queue import Queue
from cltk_studies.work.worker import Worker

MACHINE = Machine("cpu", threads=1)


@pytest.fixture
def database(store: Path) -> StudyDatabase:
    return open_database(store)


def define(database: StudyDatabase, name: str) -> Queue:
    """A study that is there, and has nothing to do."""
    queue = Queue(database, name, ["maximize"])
    definition = {"schema": "cltk.study/1", "name": name, "baseline": "a", "seeds": [0], "cells": []}
    queue.define(definition, definition)
    return queue


@pytest.fixture
def worker(store: Path, database: StudyDatabase) -> Worker:
    """A worker on an empty study."""
    define(database, "empty")
    return Worker(("empty",), store, database.where, MACHINE)


def test_workers_wait_while_more_is_to_come(worker: Worker, database: StudyDatabase) -> None:
    queue = Queue(database, "empty")
    queue.signals.hold()
    looked = []

    def watch() -> None:
        looked.append(1)
        if len(looked) == 2:
            assert queue.signals.is_held
            queue.signals.release()

    with Pool([worker] * 2, {}, database) as pool:
        pool.run_until_done(watch)
    assert len(looked) >= 3


def test_what_none_of_them_can_do_is_an_error(worker: Worker, database: StudyDatabase) -> None:
    with (
        Pool([replace(worker, studies=("unknown",))] * 2, {}, database) as pool,
        pytest.raises(ConfigError, match="no study 'unknown'"),
    ):
        pool.run_until_done()


def test_studies_after_the_first_may_be_begun_later(worker: Worker, database: StudyDatabase) -> None:
    with Pool([replace(worker, studies=("empty", "unknown"))] * 2, {}, database) as pool:
        pool.run_until_done()


def kill_all(pool: Pool) -> None:
    for process in pool.processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def test_one_that_died_is_replaced(worker: Worker, database: StudyDatabase) -> None:
    queue = Queue(database, "empty")
    queue.signals.hold()
    with Pool([worker] * 2, {}, database) as pool:
        os.kill(pool.processes[0], signal.SIGKILL)

        def watch() -> None:
            if len(pool.processes) == 3:
                queue.signals.release()

        pool.run_until_done(watch)
        assert len(pool.processes) == 3


def test_workers_that_die_again_and_again_are_replaced_no_more(worker: Worker, database: StudyDatabase) -> None:
    Queue(database, "empty").signals.hold()
    with (
        Pool([worker] * 2, {}, database) as pool,
        pytest.raises(CltkError, match=r"All workers ended .* \(exit status -9, -9, "),
    ):
        pool.run_until_done(lambda: kill_all(pool))
    assert len(pool.processes) == 8


def test_workers_take_turns_on_the_gpus(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    auto = replace(worker, machine=Machine("auto", threads=1))
    assert [each.machine.device for each in spread_over_gpus(auto, 3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert [each.machine.device for each in spread_over_gpus(worker, 2)] == ["cpu", "cpu"]


def test_a_copy_is_made_only_where_it_is_safe(worker: Worker) -> None:
    """Of a fresh process a copy, of one with a thread a process that begins anew."""
    script = """
import multiprocessing, pathlib, sys, threading
from cltk.machine import Machine
from cltk_studies.work.database import open_database
from cltk_studies.work.pool import Pool
from cltk_studies.work.worker import Worker
if __name__ == "__main__":
    wait = threading.Event()
    if sys.argv[1] == "thread":
        threading.Thread(target=wait.wait).start()
    store = pathlib.Path(sys.argv[3])
    database = open_database(store)
    worker = Worker(("empty",), store, database.where, Machine("cpu", threads=int(sys.argv[2])))
    with Pool([worker] * 2, {}, database):
        print(*{type(child).__name__ for child in multiprocessing.active_children()})
    wait.set()
"""
    kinds = {}
    for case in (("alone", "1"), ("thread", "1"), ("alone", "2")):
        command = [sys.executable, "-c", script, *case, worker.store]
        process = subprocess.run(command, capture_output=True, text=True, check=True)
        kinds[case] = process.stdout.strip()
    began_anew = "SpawnProcess"
    assert kinds == {("alone", "1"): "ForkProcess", ("thread", "1"): began_anew, ("alone", "2"): began_anew}
