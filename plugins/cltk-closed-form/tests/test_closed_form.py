from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cltk
from cltk.api import Machine
from cltk.build import prepare
from cltk.engine import train
from cltk.testing import conformance_tests
from cltk_closed_form.randumb import RanDumb
from cltk_closed_form.slda import SLDA

test_slda = conformance_tests(SLDA)
test_randumb = conformance_tests(RanDumb, config={"features": 40, "shrinkage": 0.1})


def final(store: Path, machine: Machine, **slots: Any) -> float:
    record = cltk.run(cltk.load(**slots), store=store, machine=machine, sinks=())
    return record.metrics["final-average-accuracy"]


@pytest.mark.parametrize(("strategy", "least"), [("slda", 0.93), ("randumb", 0.94)])
def test_one_pass_over_the_digits_is_enough(tmp_path: Path, machine: Machine, strategy: str, least: float) -> None:
    assert final(tmp_path, machine, scenario="split-digits", strategy=strategy) > least


def test_the_first_task_alone_sets_the_bandwidth(machine: Machine) -> None:
    run = prepare(cltk.load(scenario="split-digits", strategy="randumb"), machine).assemble(0)
    list(train(run))
    expected = 1 / (64 * run.tasks[0].train.x.var())
    assert float(run.strategy.embedding.gamma) == pytest.approx(float(expected))


def test_data_that_do_not_vary_are_no_trouble(machine: Machine) -> None:
    run = prepare(cltk.load(scenario="split-digits", strategy="randumb"), machine).assemble(0)
    for task in run.tasks:
        task.train.x.fill_(0.5)
    list(train(run))
    assert run.strategy.predict(run.tasks[0].test.x).isfinite().all()


@pytest.mark.slow
@pytest.mark.parametrize(("features", "least"), [(500, 0.915), (1480, 0.950)])
def test_random_features_reach_what_is_published(
    tmp_path: Path, machine: Machine, mnist_folder: Path, features: int, least: float
) -> None:
    at = Machine("cpu", machine.threads, data_dir=mnist_folder)
    assert final(tmp_path, at, scenario="split-mnist", strategy={"name": "randumb", "features": features}) > least
