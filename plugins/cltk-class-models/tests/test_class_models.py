from __future__ import annotations

from pathlib import Path

import pytest
import torch

import cltk
from cltk.api import Machine
from cltk.build import prepare
from cltk.engine import state_of, train
from cltk.errors import ConfigError
from cltk.events import TaskEnded
from cltk.testing import conformance_tests
from cltk_class_models.generative_classifier import GenerativeClassifier
from cltk_class_models.pec import PEC

QUICK = {"training": {"epochs": 1, "min_steps": 60, "batch_size": 8}}

test_generative_classifier = conformance_tests(GenerativeClassifier, {"hidden": 16, "samples": 8, **QUICK})
test_pec = conformance_tests(PEC, {"teacher": 40, "training": {"epochs": 3, "min_steps": 0, "batch_size": 1}})


@pytest.mark.parametrize("strategy", ["generative-classifier", "pec"])
def test_tasks_that_share_classes_are_refused(tmp_path: Path, machine: Machine, strategy: str) -> None:
    experiment = cltk.load(scenario={"name": "split-digits", "setting": "domain"}, strategy=strategy)
    with pytest.raises(ConfigError, match="share classes"):
        cltk.run(experiment, store=tmp_path, machine=machine)


@pytest.mark.parametrize(("strategy", "least"), [("generative-classifier", 0.88), ("pec", 0.88)])
def test_the_digits_are_told_apart(tmp_path: Path, machine: Machine, strategy: str, least: float) -> None:
    record = cltk.run(cltk.load(scenario="split-digits", strategy=strategy), store=tmp_path, machine=machine)
    assert record.metrics["final-average-accuracy"] > least


@pytest.mark.parametrize("strategy", ["generative-classifier", "pec"])
def test_one_pass_over_a_task_costs_what_one_epoch_of_each_class_does(machine: Machine, strategy: str) -> None:
    settings = {"name": strategy, "training": {"epochs": 1, "min_steps": 0}}
    experiment = cltk.load(scenario={"name": "split-digits", "per_class": 20}, strategy=settings)
    ended = [event for event in train(prepare(experiment, machine).assemble(0)) if isinstance(event, TaskEnded)]
    for event in ended:
        assert 0.9 * event.operations < event.single_pass <= event.operations


def test_students_begin_alike_and_the_teacher_takes_no_memory() -> None:
    scenario = cltk.load(scenario={"name": "split-digits", "per_class": 5}, strategy="pec")
    run = prepare(scenario, Machine("cpu", threads=1)).assemble(0)
    first, *others = [
        model.state_dict()
        for model in run.strategy.networks["module.class_models"].models  # type: ignore[union-attr]
    ]
    assert all(torch.equal(first[name], other[name]) for other in others for name in first)
    held = sum(tensor.numel() for tensor in state_of(run.strategy).values())
    assert held == 10 * (64 * 10 + 10 + 2 * 10 + 10 * 99 + 99) + 10
