"""The objective is a metric, whichever, and its class says what is better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cltk.build import Prepared, prepare
from cltk.errors import ConfigError
from cltk.experiment import Experiment
from cltk.machine import Machine
from cltk_studies.questions.objective import Objective, UndefinedObjectiveError


@pytest.fixture(scope="module")
def prepared(make_digits: Callable[..., Experiment]) -> Prepared:
    return prepare(make_digits(), Machine(device="cpu", threads=1))


@pytest.fixture(scope="module")
def one_task(make_digits: Callable[..., Experiment]) -> Prepared:
    return prepare(make_digits(scenario={"name": "split-digits", "tasks": 1}), Machine(device="cpu", threads=1))


def test_directions_are_those_of_the_classes() -> None:
    objective = Objective.find(["final-average-accuracy", "samples-replayed", "chaudhry-forgetting"])
    assert objective.directions == ["maximize", "minimize", "minimize"]


def test_every_installed_metric_has_a_value_for_several_tasks_and_seeds(prepared: Prepared) -> None:
    from cltk.registry import installed

    for plugin in installed("metric"):
        Objective.find([plugin.name]).check(prepared, [0, 1], alone=False)


def test_what_is_no_metric_is_named() -> None:
    with pytest.raises(ConfigError, match="no metric 'final-averge-accuracy'") as caught:
        Objective.find(["final-averge-accuracy"])
    assert "final-average-accuracy" in caught.value.advice


def test_a_metric_that_is_not_defined_for_so_few_tasks_is_refused(one_task: Prepared) -> None:
    objective = Objective.find(["chaudhry-forgetting"])
    with pytest.raises(UndefinedObjectiveError, match="has no value for 1 tasks"):
        objective.check(one_task, [0], alone=True)


def test_settings_of_the_experiment_hold(prepared: Prepared) -> None:
    metrics: list[Any] = prepared.config["metrics"]
    assert Objective.find(["diaz-bwt"], metrics).directions == ["maximize"]
