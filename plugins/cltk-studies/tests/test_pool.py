"""Workers that are processes: what they carry out, one order after the other, and what becomes of those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cltk.errors import CltkError, ConfigError
from cltk.machine import Machine
from cltk_studies.work.database import StudyDatabase, open_database
from cltk_studies.work.pool import Order, Pool, conduct
from cltk_studies.work.queue import Queue

MACHINE = Machine("cpu", threads=1)


@pytest.fixture
def storage(store: Path) -> StudyDatabase:
    return open_database(store)


@pytest.fixture
def empty(store: Path, storage: StudyDatabase) -> Order:
    """An order for a study that is there, and has nothing to do."""
    queue = Queue(storage, "empty", ["maximize"])
    definition = {"schema": "cltk.study/1", "name": "empty", "baseline": "a", "seeds": [0], "cells": []}
    queue.define(definition, definition)
    return Order("empty", store, storage.url, MACHINE)


def nothing() -> None:
    return


def test_workers_take_one_order_after_the_other(empty: Order, storage: StudyDatabase) -> None:
    looked = []
    with Pool(2, MACHINE, {}, storage) as pool:
        for _ in range(2):
            conduct(empty, pool, lambda: looked.append(1))
            assert not pool.is_busy
    assert len(looked) >= 2


def test_what_none_of_them_can_do_is_an_error(empty: Order, store: Path, storage: StudyDatabase) -> None:
    unknown = Order("unknown", store, empty.storage, MACHINE)
    with Pool(2, MACHINE, {}, storage) as pool:
        with pytest.raises(ConfigError, match="no study 'unknown'"):
            conduct(unknown, pool, nothing)
        conduct(empty, pool, nothing)


def test_one_that_died_is_missed_by_nobody(empty: Order, storage: StudyDatabase) -> None:
    with Pool(2, MACHINE, {}, storage) as pool:
        os.kill(pool.processes[0], signal.SIGKILL)
        conduct(empty, pool, nothing)


def test_without_workers_the_study_ends(empty: Order, storage: StudyDatabase) -> None:
    with Pool(2, MACHINE, {}, storage) as pool:
        for process in pool.processes:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(CltkError, match=r"All workers ended .* \(exit status -9, -9\)"):
            conduct(empty, pool, nothing)


def test_workers_share_no_connection_with_whoever_started_them(empty: Order, storage: StudyDatabase) -> None:
    script = """
import os, pathlib, sys
from cltk.machine import Machine
from cltk_studies.work.pool import Pool
from cltk_studies.work.queue import Queue
from cltk_studies.work.database import open_database

def opened(process):
    folder = f"/proc/{process}/fd"
    return [os.path.realpath(f"{folder}/{number}") for number in os.listdir(folder)]

if __name__ == "__main__":
    store = pathlib.Path(sys.argv[1])
    storage = open_database(store)
    queue = Queue(storage, "empty")
    shared = f"{store}/optuna.db" in opened("self")
    with Pool(2, Machine("cpu", threads=1), {}, storage) as pool:
        print(shared, *(f"{store}/optuna.db" in opened(worker) for worker in pool.processes), queue.states())
"""
    process = subprocess.run([sys.executable, "-c", script, empty.store], capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["True", "False", "False", "{}"]


def test_a_copy_is_made_only_where_it_is_safe(store: Path) -> None:
    """Of a fresh process a copy, of one with a thread a process that begins anew."""
    script = """
import multiprocessing, pathlib, sys, threading
from cltk.machine import Machine
from cltk_studies.work.pool import Pool
from cltk_studies.work.database import open_database
if __name__ == "__main__":
    wait = threading.Event()
    if sys.argv[1] == "thread":
        threading.Thread(target=wait.wait).start()
    with Pool(2, Machine("cpu", threads=int(sys.argv[2])), {}, open_database(pathlib.Path(sys.argv[3]))):
        print(*{type(child).__name__ for child in multiprocessing.active_children()})
    wait.set()
"""
    kinds = {}
    for case in (("alone", "1"), ("thread", "1"), ("alone", "2")):
        command = [sys.executable, "-c", script, *case, store]
        process = subprocess.run(command, capture_output=True, text=True, check=True)
        kinds[case] = process.stdout.strip()
    began_anew = "SpawnProcess"
    assert kinds == {("alone", "1"): "ForkProcess", ("thread", "1"): began_anew, ("alone", "2"): began_anew}
