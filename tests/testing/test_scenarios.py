"""Wrong scenarios."""

import importlib
import urllib.request
from contextlib import suppress
from copy import copy
from dataclasses import replace

import pytest
import torch

from cltk.interfaces import Examples, Scenario
from cltk.testing import conformance_tests
from cltk.testing.sequences import info_of, tasks_of


class Made(Scenario):
    """The kit's own tasks.

    Source: none; a test.
    """

    setting = "class"
    outputs = 6
    tasks = ()

    def __init__(self, config, folders):
        self.config = config
        self.tasks = self.change(tasks_of(info_of(setting=self.setting)))

    def change(self, tasks):
        return tasks


class Shared(Made):
    """The kit's own tasks, which share their classes.

    Source: none; a test.
    """

    setting, outputs = "domain", 2


test_class_incremental = conformance_tests(Made)
test_domain_incremental = conformance_tests(Shared)


def _each(change):
    return {"change": lambda self, tasks: tuple(change(task) for task in tasks)}


def _train(change):
    return _each(lambda task: replace(task, train=change(task.train)))


def _random(examples):
    return replace(examples, x=torch.rand(examples.x.shape, generator=_unseeded()))


def _unseeded():
    rng = torch.Generator()
    rng.seed()
    return rng


def _offline_or_not(self, tasks):
    with suppress(OSError):
        urllib.request.urlopen("http://127.0.0.1:9/data", timeout=1)
    return tasks


def _globally(self, tasks):
    torch.seed()
    return tasks


def _changing(self):
    self.asked = getattr(self, "asked", 0) + 1
    return tuple(replace(task, train=replace(task.train, x=task.train.x / self.asked)) for task in tasks_of(info_of()))


def _wider(self, seed):
    other = copy(self)
    other.outputs = self.outputs + 1
    return other


def _unrepeatable(self, seed):
    other = copy(self)
    other.tasks = tuple(replace(task, train=_random(task.train)) for task in self.tasks)
    return other


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("tasks-are-in-order", {"change": lambda self, tasks: tasks[::-1]}),
        ("tasks-are-in-order", _each(lambda task: replace(task, test=task.test[:0]))),
        ("images-are-well-formed", _train(lambda part: replace(part, x=part.x * 255))),
        ("images-are-well-formed", _train(lambda part: replace(part, x=part.x.double()))),
        ("images-are-well-formed", _each(lambda task: replace(task, test=Examples(task.test.x[..., 1:], task.test.y)))),
        ("labels-are-well-formed", _train(lambda part: replace(part, y=part.y.int()))),
        ("labels-are-well-formed", _train(lambda part: replace(part, y=part.y.clamp_min(1)))),
        ("labels-are-well-formed", {"outputs": 5}),
        ("classes-fit-the-setting", {"setting": "classes"}),
        ("held-out-data-are-apart", _each(lambda task: replace(task, test=task.train))),
        ("held-out-data-are-apart", _each(lambda task: replace(task, test=task.train[torch.arange(20)]))),
        ("held-out-data-are-apart", _each(lambda task: replace(task, validation=task.train[:5]))),
        ("same-stream-same-result", _train(_random)),
        ("uses-no-network", {"change": _offline_or_not}),
        ("seeds-leave-networks-alone", {"for_seed": _wider}),
        ("seeds-leave-networks-alone", {"for_seed": _unrepeatable}),
        ("data-state-is-told", {"data_state": classmethod(lambda cls, folders: None)}),
        ("data-state-is-told", {"fallback": 3}),
        ("tasks-never-change", {"tasks": property(_changing, lambda self, tasks: None)}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Made, **attributes) == {check}


@pytest.mark.parametrize("setting", ["class", "task", "domain"])
def test_tasks_may_share_classes(failing, setting):
    assert not failing(Shared, setting=setting, change=lambda self, tasks: tasks_of(info_of(setting="domain")))


def test_a_class_that_a_task_names_twice_is_found(failing):
    assert failing(Made, **_each(lambda task: replace(task, classes=(*task.classes, task.classes[0])))) == {
        "classes-fit-the-setting"
    }


def test_a_module_that_draws_while_it_is_imported_is_no_fault_of_the_scenario(failing, tmp_path, monkeypatch):
    (tmp_path / "drawing.py").write_text("import random\nrandom.random()\n")
    monkeypatch.syspath_prepend(tmp_path)

    def change(self, tasks):
        importlib.import_module("drawing")
        return tasks

    assert not failing(Made, change=change)


def test_no_task_at_all_is_found(failing):
    assert "tasks-are-in-order" in failing(Made, change=lambda self, tasks: ())
