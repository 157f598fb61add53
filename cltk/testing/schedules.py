"""What a replay schedule promises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch

from cltk.errors import ConfigError
from cltk.interfaces import Amount, Past, ReplaySchedule, ScenarioInfo, total
from cltk.testing.components import common_checks, result_checks
from cltk.testing.defects import require
from cltk.testing.outcome import Outcome
from cltk.testing.sequences import info_of
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

CURRENT = (1, 48, 1_000, 12_665, 1_000_000)
LENGTHS = (1, 2, 5, 20)

Counts = dict[tuple[int, int, int], Amount]


def counts_are_whole_and_not_negative(subject: Subject) -> None:
    """``count`` gives an int that is not below 0, or one for each class learned, for any number and size of tasks."""
    for (tasks, completed, current), amount in _counts(subject).items():
        came = f"after {completed} of {tasks} tasks, for {current} samples, it gave {amount!r}"
        counts = amount if isinstance(amount, Mapping) else {0: amount}
        require(all(type(count) is int for count in counts.values()), came, "Return int(round(...)).")
        require(all(count >= 0 for count in counts.values()), came, "Return max(0, ...).")
        learned = info_of(tasks=tasks).seen(completed)
        require({*counts} <= {0, *learned}, came, "Ask for classes of self.info.seen(completed) alone.")


def counting_is_pure(subject: Subject) -> None:
    """``count`` depends on its arguments alone: asked in another order or again, it gives the same."""
    first = _counts(subject)
    for (tasks, completed, current), count in _counts(subject, shuffled=True).items():
        expected = first[tasks, completed, current]
        came = f"after {completed} of {tasks} tasks, for {current} samples, it gave {expected!r} and then {count!r}"
        require(count == expected, came, "Keep nothing on self in count, and draw nothing at random.")
    for info, schedule in _schedules(subject):
        kept, held = subject.config, getattr(schedule, "config", None)
        _grid(schedule, info, shuffled=False)
        require(held in (None, kept), f"the config became {held!r}", "Compute without changing it.")


def _schedules(subject: Subject) -> Iterator[tuple[ScenarioInfo, ReplaySchedule]]:
    """One for the kit's own number of tasks, and one for each other that its settings fit."""
    yield info_of(), subject.build(info_of())
    for tasks in LENGTHS:
        info = info_of(tasks=tasks)
        try:
            schedule = subject.build(info)
        except ConfigError:
            continue
        yield info, schedule


def _counts(subject: Subject, shuffled: bool = False) -> Counts:
    """What it answers at every point of the grid, by number of tasks, tasks completed, and samples."""
    counts: Counts = {}
    for info, schedule in _schedules(subject):
        counts |= _grid(schedule, info, shuffled)
    return counts


def _grid(schedule: ReplaySchedule, info: ScenarioInfo, shuffled: bool) -> Counts:
    points = [(completed, current) for completed in range(1, info.tasks) for current in (*CURRENT, *info.sizes)]
    if shuffled:
        points = [points[index % len(points)] for index in np.random.default_rng(0).permutation(2 * len(points))]
    return {(info.tasks, completed, current): _ask(schedule, info, completed, current) for completed, current in points}


def _ask(schedule: ReplaySchedule, info: ScenarioInfo, completed: int, current: int) -> Amount:
    """What it answers, with a made-up past where it takes one."""
    if not schedule.is_adaptive:
        return schedule.count(completed, current)
    past = Past(
        accuracy=tuple(tuple(0.5 ** abs(1 + row - task) for task in range(info.tasks)) for row in range(completed)),
        losses=({"classifier": (1.0, 0.5)},) * completed,
        replayed=(0, *(100,) * (completed - 1)),
        operations=(1_000_000,) * completed,
    )
    return schedule.count(completed, current, past)


def _exercise(subject: Subject) -> Outcome:
    subject.cls.search_space(info_of())
    return {str(point): torch.tensor(float(total(count))) for point, count in _counts(subject).items()}


def _build(subject: Subject) -> object:
    return subject.build(info_of())


CHECKS: tuple[Body, ...] = (
    *common_checks(_build),
    counts_are_whole_and_not_negative,
    counting_is_pure,
    *result_checks(_exercise),
)
