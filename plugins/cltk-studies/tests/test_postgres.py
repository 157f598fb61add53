"""The same studies on a PostgreSQL of the test's own, with workers that are killed."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import optuna
import pytest

from cltk.errors import ConfigError
from cltk_studies.work.database import _KEY, open_database

from .postgres import running_postgres

Write = Callable[..., Path]
Start = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server on loopback, without its database."""
    with running_postgres() as url:
        yield url


@pytest.fixture
def storage(server: str) -> Iterator[str]:
    """The URL of an empty database."""
    import psycopg

    name = "study"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def finished(store: Path) -> int:
    return sum('"status": "finished"' in path.read_text() for path in store.glob("*/record.json"))


@pytest.mark.slow
def test_one_of_four_workers_is_killed(write: Write, start: Start, store: Path, storage: str) -> None:
    """Two commands as two machines have them: one that begins the study, and one that helps."""
    lr = ", ".join(str(rate / 1000) for rate in range(1, 6))
    file = write(f'[ablate.axes]\n"strategy.classifier.lr" = [{lr}]\n', epochs=200)
    options = ["--store", store, "--study-db", storage, "--workers", 2]
    first = start("ablate", file, *options, "--json")
    first.wait_until(lambda: len(first.workers) == 2)
    second = start("worker", "small", *options)
    victims: list[int] = []
    second.wait_until(lambda: bool(victims.extend(caught(second.workers, storage)) or victims))
    victim = victims[0]
    os.kill(victim, signal.SIGKILL)
    status, out, err = first.end()
    assert status == 0, err
    assert json.loads(out)["finished"] == 10
    status, _, err = second.end()
    assert status == 0, err
    states = Counter((trial.user_attrs["key"], trial.state.name) for trial in trials(storage))
    assert len([key for key, state in states if state == "COMPLETE"]) == 10
    assert {count for (key, state), count in states.items() if state == "COMPLETE"} == {1}
    assert finished(store) == 10
    assert victim in [trial.user_attrs["worker"]["pid"] for trial in trials(storage) if trial.state.name == "FAIL"]


def trials(storage: str) -> list[optuna.trial.FrozenTrial]:
    opened = optuna.storages.RDBStorage(storage.replace("postgresql:", "postgresql+psycopg:"))
    try:
        return list(optuna.load_study(study_name="small", storage=opened).get_trials())
    finally:
        opened.remove_session()
        opened.engine.dispose()


def owners(storage: str) -> list[int]:
    """The processes that have something under way."""
    with suppress(KeyError):
        running = [trial for trial in trials(storage) if trial.state == optuna.trial.TrialState.RUNNING]
        return [trial.user_attrs["worker"]["pid"] for trial in running if "worker" in trial.user_attrs]
    return []


def caught(processes: list[int], storage: str) -> list[int]:
    """One of the processes that has something under way, stopped so that it cannot end it; empty if none has."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
        if process in owners(storage):
            return [process]
        os.kill(process, signal.SIGCONT)
    return []


def test_a_database_of_something_else_is_refused(storage: str) -> None:
    import psycopg

    with psycopg.connect(storage, autocommit=True) as connection:
        connection.execute("CREATE TABLE experiments (a INTEGER)")
    with pytest.raises(ConfigError, match="other tables"):
        open_database(storage)


def test_a_database_that_is_not_there_is_named(server: str) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        open_database(f"{server}/nothing")


def test_who_only_looks_waits_until_the_tables_are_there(storage: str) -> None:
    """Optuna makes a table when somebody looks: two processes that did so at once kept a command from beginning."""
    import psycopg

    open_database(storage).disconnect()
    with psycopg.connect(storage, autocommit=True) as creator, ThreadPoolExecutor(1) as pool:
        creator.execute("SELECT pg_advisory_lock(%s)", [_KEY])
        looked = pool.submit(open_database, storage, is_there=True)
        with pytest.raises(TimeoutError):
            looked.result(timeout=2)
        creator.execute("SELECT pg_advisory_unlock(%s)", [_KEY])
        looked.result(timeout=30).disconnect()
