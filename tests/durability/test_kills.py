"""Runs that are killed go on as if they never had been."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from cltk.build import Prepared
from cltk.record_file import read_record
from cltk.runs.runner import execute
from cltk_mlflow.server import open_server
from tests.durability.conftest import STRATEGIES, comparable, run_all, start
from tests.durability.kills import cases, torment
from tests.durability.third_party import installed_in

KILLS = 10
"""Of each strategy."""


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_killed_run_comes_to_the_record_of_an_uninterrupted_one(
    strategy: str, make_prepared: Callable[[str], Prepared], tmp_path: Path
) -> None:
    prepared = make_prepared(strategy)
    assert (
        run_all(prepared, tmp_path / "whole", resume=False) == 0
    )  # All is imported now, and need not be in the others.
    started = time.monotonic()
    start(prepared, tmp_path / "timed").join()
    length = time.monotonic() - started
    (path,) = (tmp_path / "whole").glob("*/record.json")
    whole = read_record(path)
    chance = random.Random(strategy)  # noqa: S311 - not a secret
    for kill in range(KILLS):
        store = tmp_path / f"kill-{kill}"
        process = start(prepared, store)
        time.sleep(chance.uniform(0, length))
        process.kill()
        process.join()
        assert run_all(prepared, store, resume=True) == 0
        resumed = read_record(store / whole.run_id / "record.json")
        assert comparable(resumed) == comparable(whole)
        assert len(_tracked(store)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [*STRATEGIES, "gaussian-mixture"])
def test_so_does_one_that_is_killed_whenever_it_goes_on(
    strategy: str, make_prepared: Callable[[str], Prepared], tmp_path: Path
) -> None:
    prepared = make_prepared(strategy)
    whole = execute(prepared, 0, tmp_path / "whole")
    chance = random.Random(strategy)  # noqa: S311 - not a secret
    goes_on = partial(execute, prepared, 0, tmp_path / "killed", resume=True, checkpoint_every=0)
    for _ in range(5 * KILLS):
        process = multiprocessing.get_context("fork").Process(target=goes_on)
        process.start()
        time.sleep(chance.uniform(0, 0.3))
        process.kill()
        process.join()
    assert comparable(goes_on()) == comparable(whole)
    weights = [tmp_path / name / whole.run_id / "weights.safetensors" for name in ("killed", "whole")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.slow
def test_so_do_some_of_the_hundred_runs_that_are_ended_time_and_again(tmp_path: Path) -> None:
    """All of them: ``python -m tests.durability.kills``."""
    with installed_in(tmp_path / "site"):
        chosen = [case for case in cases(24, seed=1) if case.strategy.partition(":")[0] in ("others", "cltk-baselines")]
        for case in chosen:
            outcome = torment(case, tmp_path / case.strategy.partition(":")[2] / str(case.seed))
            assert not outcome.differences, outcome


def _tracked(store: Path) -> list[object]:
    opened = open_server(store)
    experiments = [experiment.experiment_id for experiment in opened.client.search_experiments()]
    return list(opened.client.search_runs(experiments))
