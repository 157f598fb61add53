"""What a scenario promises."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_args

import torch
from torch import Tensor

from cltk.data_folders import data_folders
from cltk.interfaces import Examples, IncrementalSetting, Scenario
from cltk.testing.components import common_checks, result_checks
from cltk.testing.defects import require
from cltk.testing.outcome import Outcome, require_equal
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

PARTS = ("train", "validation", "test")
SHARED = 0.5
"""Real data sets hold the same image twice at times; a test set of which half was trained on is none."""


def tasks_are_in_order(subject: Subject) -> None:
    """There is a task at least; they are numbered from 0, and none is without training or test samples."""
    tasks = _usual(subject).tasks
    require(len(tasks) > 0, "there is no task", "Return them from tasks.")
    indices = [task.index for task in tasks]
    require(indices == list(range(len(tasks))), f"the indices are {indices}", "Number them from 0, in order.")
    for task in tasks:
        sizes = len(task.train), len(task.test)
        came = f"task {task.index + 1} has {sizes[0]} training and {sizes[1]} test samples"
        require(min(sizes) > 0, came, "Give each task both.")


def images_are_well_formed(subject: Subject) -> None:
    """All x are (N, C, H, W) float32 in [0, 1], with the same C, H and W in every part of every task."""
    scenario = _usual(subject)
    shape = scenario.info.shape
    for where, part in _parts(scenario):
        x = part.x
        came = f"{where} is {tuple(x.shape)} {x.dtype}"
        fix = f"Make it (N, {', '.join(str(size) for size in shape)}) float32."
        require(x.dim() == 4 and tuple(x.shape[1:]) == shape and x.dtype == torch.float32, came, fix)
        inside = bool(((x >= 0) & (x <= 1)).all())
        require(inside, f"{where} leaves [0, 1]", "Divide by the value of a pixel that is fully on.")


def labels_are_well_formed(subject: Subject) -> None:
    """All y are (N,) int64 out of the task's classes, which are all trained on and below ``outputs``."""
    scenario = _usual(subject)
    for where, part in _parts(scenario):
        y = part.y
        fix = "Make it as long as x, of int64."
        require(y.dtype == torch.int64 and y.shape == (len(part.x),), f"{where} has y {tuple(y.shape)} {y.dtype}", fix)
    for task in scenario.tasks:
        name, trained = f"task {task.index + 1}", set(task.train.y.tolist())
        came = f"{name} declares the classes {task.classes} and trains {sorted(trained)}"
        require(trained == set(task.classes), came, "Declare those that are in train.y.")
        strange = set(task.test.y.tolist()) | set(task.validation.y.tolist())
        came = f"{name} tests {sorted(strange)} but trains {sorted(trained)}"
        require(strange <= trained, came, "Test what is trained.")
        fits = all(0 <= label < scenario.outputs for label in task.classes)
        require(fits, f"{name} has the classes {task.classes}, but outputs is {scenario.outputs}", "Give each a unit.")


def classes_fit_the_setting(subject: Subject) -> None:
    """``setting`` is "class", "task" or "domain", and no task names a class twice; tasks may share classes in each."""
    scenario = _usual(subject)
    setting: Any = scenario.setting
    known = get_args(IncrementalSetting)
    require(setting in known, f"setting is {setting!r}", f"Give one of {', '.join(known)}.")
    for task in scenario.tasks:
        came = f"the classes of task {task.index + 1} are {task.classes}"
        require(len(task.classes) == len(set(task.classes)), came, "Name each class of a task once.")


def held_out_data_are_apart(subject: Subject) -> None:
    """Training, validation and test data share no memory, and few test images, if any, are training images too."""
    for task in _usual(subject).tasks:
        for name in ("validation", "test"):
            held, train = getattr(task, name).x, task.train.x
            where = f"of task {task.index + 1}, the {name} data"
            fix = "Hold out other samples."
            require(not _overlap(held, train), f"{where} share memory with the training data", fix)
            seen = _rows(train)
            known = sum(row in seen for row in _list_of_rows(held))
            came = f"{where} hold {known} training images among {len(held)}"
            require(known <= SHARED * len(held), came, fix)


def tasks_never_change(subject: Subject) -> None:
    """``tasks`` gives the same each time, also after its tasks were gone through."""
    scenario = _usual(subject)
    first, second = _outcome(scenario), _outcome(scenario)
    require_equal(first, second, "the second time differs", "Prepare the tasks once, in __init__, and keep a tuple.")


def seeds_leave_networks_alone(subject: Subject) -> None:
    """``for_seed`` keeps number of tasks, shape, outputs and setting, and gives the same for a seed each time."""
    scenario = _usual(subject)
    drawn = scenario.for_seed(1)
    if drawn is scenario:
        return
    came, expected = _frame(drawn), _frame(scenario)
    require(came == expected, f"seed 1 has {came} instead of {expected}", "Draw nothing that networks are built from.")
    fix = "Draw from a generator that is seeded with derive_seed(seed, ...)."
    require_equal(_outcome(drawn), _outcome(scenario.for_seed(1)), "seed 1 differs the second time", fix)


def data_state_is_told(subject: Subject) -> None:
    """``data_state`` says in a few words where the data is, ``fallback`` is a name or None."""
    state, fallback = subject.cls.data_state(data_folders(None)), subject.cls.fallback
    require(isinstance(state, str) and bool(state), f"data_state gave {state!r}", "Return a str.")
    require(fallback is None or isinstance(fallback, str), f"fallback is {fallback!r}", "Name a scenario, or None.")


def _build(subject: Subject) -> Scenario:
    scenario: Scenario = subject.build(data_folders(None))
    return scenario


@lru_cache(maxsize=1)
def _usual(subject: Subject) -> Scenario:
    return _build(subject)


def _parts(scenario: Scenario) -> Iterator[tuple[str, Examples]]:
    for task in scenario.tasks:
        for name in PARTS:
            yield f"the {name} data of task {task.index + 1}", getattr(task, name)


def _frame(scenario: Scenario) -> dict[str, Any]:
    info = scenario.info
    return {"tasks": info.tasks, "shape": info.shape, "outputs": info.outputs, "setting": info.setting}


def _outcome(scenario: Scenario) -> Outcome:
    columns = [(where, part.x, part.y) for where, part in _parts(scenario)]
    return {f"x of {where}": _digest(x) for where, x, _ in columns} | {f"y of {where}": y for where, _, y in columns}


def _exercise(subject: Subject) -> Outcome:
    scenario = _build(subject)
    subject.cls.search_space(scenario.info)
    return _outcome(scenario)


def _digest(x: Tensor) -> Tensor:
    """Stands for images where they are kept to be compared: a data set may be large."""
    digest = hashlib.sha256(x.numpy().tobytes())
    return torch.tensor([*x.shape, *digest.digest()])


def _overlap(one: Tensor, other: Tensor) -> bool:
    if not (one.numel() and other.numel()):
        return False
    first, second = sorted((one, other), key=Tensor.data_ptr)
    return first.data_ptr() + first.nbytes > second.data_ptr()


def _rows(x: Tensor) -> set[bytes]:
    return set(_list_of_rows(x))


def _list_of_rows(x: Tensor) -> list[bytes]:
    return [row.tobytes() for row in x.flatten(1).numpy()]


CHECKS: tuple[Body, ...] = (
    *common_checks(_build),
    tasks_are_in_order,
    images_are_well_formed,
    labels_are_well_formed,
    classes_fit_the_setting,
    held_out_data_are_apart,
    tasks_never_change,
    seeds_leave_networks_alone,
    data_state_is_told,
    *result_checks(_exercise),
)
