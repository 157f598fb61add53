"""Small made-up tasks that components are tried on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

import torch

from cltk.errors import ConfigError
from cltk.interfaces import Examples, IncrementalSetting, ScenarioInfo, Streams, Task

__all__ = ["SHAPES", "TASKS", "batch_of", "info_of", "settings_taken", "tasks_of"]

TASKS = 3
"""The number of tasks that components are built for; a schedule that needs an entry a task is given three."""

SHAPES = ((1, 8, 8), (1, 28, 28), (3, 8, 8))
"""Shapes of images that a network is tried with; all else is tried with the first."""

PAIR = 2
TRAIN, VALIDATION, TEST = (24, 20, 28), 6, 20
NOISE = 0.15


def info_of(
    shape: tuple[int, int, int] = SHAPES[0], setting: IncrementalSetting = "class", tasks: int = TASKS
) -> ScenarioInfo:
    """What a scenario of tasks of two classes each says of itself; the tasks differ in size."""
    sizes = tuple(PAIR * TRAIN[task % len(TRAIN)] for task in range(tasks))
    shared = setting == "domain"
    classes = tuple((0, 1) if shared else (PAIR * task, PAIR * task + 1) for task in range(tasks))
    return ScenarioInfo(shape, PAIR if shared else PAIR * tasks, sizes, classes, setting)


def settings_taken(build: Callable[[ScenarioInfo], object]) -> Sequence[IncrementalSetting]:
    """The settings that a component can be built for, which refuses the others with a ``ConfigError``.

    Args:
        build: Builds it.

    Returns:
        All of them where it refuses each: then the fault is not in the setting.
    """

    def takes(setting: IncrementalSetting) -> bool:
        try:
            build(info_of(setting=setting))
        except ConfigError:
            return False
        return True

    settings = get_args(IncrementalSetting)
    return [setting for setting in settings if takes(setting)] or settings


def tasks_of(info: ScenarioInfo) -> Sequence[Task]:
    """New tensors of the tasks that ``info`` describes: each class is a pattern under noise, easy to learn."""
    return tuple(_task(info, index) for index in range(info.tasks))


def batch_of(info: ScenarioInfo, n: int) -> Examples:
    """``n`` samples of all classes of the last task in turn."""
    task = tasks_of(info)[-1]
    index = torch.arange(n) % len(task.train)
    return task.train[index]


def _task(info: ScenarioInfo, index: int) -> Task:
    streams = Streams(0).at("made-up task", index)
    patterns = (torch.rand(PAIR, *info.shape, generator=streams.generator("patterns")) < 0.5).float()

    def part(name: str, per_class: int) -> Examples:
        labels = torch.arange(PAIR * per_class) % PAIR
        noise = torch.rand((len(labels), *info.shape), generator=streams.generator(name))
        x = patterns[labels].lerp(noise, NOISE)
        return Examples(x, torch.tensor(info.classes[index])[labels])

    size = info.sizes[index] // PAIR
    return Task(index, info.classes[index], part("train", size), part("validation", VALIDATION), part("test", TEST))
