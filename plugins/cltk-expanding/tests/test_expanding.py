"""A network that grows: its modules, its size, and how they decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import cltk
from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, train
from cltk.errors import ConfigError
from cltk.events import TaskEnded
from cltk.testing import conformance_tests
from cltk_expanding.expanding import Expanding
from cltk_expanding.weights import balanced_weights

QUICK = {"epochs": 1, "min_steps": 60, "batch_size": 8, "lr": 0.01}

test_expanding = conformance_tests(Expanding, {"hidden": 6, "buffer": 12, "training": QUICK})


def make(tasks: int = 5, setting: str = "class", **settings: Any) -> Run:
    scenario = {"name": "split-digits", "tasks": tasks, "setting": setting}
    experiment = load(scenario=scenario, strategy={"name": "expanding", "training": QUICK, **settings})
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def test_every_class_has_the_same_share_of_the_loss() -> None:
    weights = balanced_weights(torch.tensor([0, 0, 0, 1, 2, 2]))
    torch.testing.assert_close(weights, torch.tensor([2 / 3, 2 / 3, 2 / 3, 2.0, 1.0, 1.0]))


def test_it_grows_by_the_same_number_of_bytes_for_each_class() -> None:
    module = 4 * (64 * 20 + 20 + 20 + 1)
    grown = [event.model_bytes for event in train(make()) if isinstance(event, TaskEnded)]
    assert grown == [module * 2 * task for task in range(1, 6)]


def test_modules_of_earlier_classes_stay_as_they_are() -> None:
    run, kept = make(), dict[str, torch.Tensor]()
    for event in train(run):
        if isinstance(event, TaskEnded):
            now = {
                f"{path}.{name}": tensor
                for path, network in run.strategy.networks.items()
                for name, tensor in network.state_dict().items()
            }
            assert all(torch.equal(tensor, now[name]) for name, tensor in kept.items())
            kept = {name: tensor.clone() for name, tensor in now.items()}


def test_a_module_of_a_later_task_takes_an_image_from_an_earlier_one_that_accepts_it_as_well() -> None:
    run = make(tasks=2)
    strategy = run.strategy
    assert isinstance(strategy, Expanding)
    logits = {0: 2.0, 5: 1.0}  # Both accept everything; 0 is of the first task and more certain.
    for classes in run.info.classes:
        strategy.begin_task(classes)
    for label, module in strategy.class_modules.items():
        for parameter in module.parameters():
            torch.nn.init.zeros_(parameter)
        *_, last = module.parameters()
        torch.nn.init.constant_(last, logits.get(int(label), -9.0))
    assert strategy.predict(torch.rand(3, *run.info.shape)).argmax(1).tolist() == [5, 5, 5]


def test_it_keeps_all_tasks_and_is_charged_for_its_growth(tmp_path: Path, machine: Machine) -> None:
    experiment = cltk.load(scenario="split-digits", strategy={"name": "expanding", "buffer": 200})
    record = cltk.run(experiment, store=tmp_path, machine=machine)
    assert record.metrics["final-average-accuracy"] > 0.8
    assert record.metrics["diaz-ms"] == pytest.approx(sum(1 / task for task in range(1, 6)) / 5)


def test_tasks_that_share_classes_are_refused() -> None:
    with pytest.raises(ConfigError, match="share classes"):
        make(setting="domain")


def test_a_buffer_smaller_than_the_number_of_classes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"9 images .* 10 classes"):
        make(buffer=9)
