"""What a metric promises."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from cltk.interfaces import History, Metric
from cltk.testing.components import common_checks, result_checks
from cltk.testing.defects import require
from cltk.testing.outcome import Outcome
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS", "SLACK", "direction_and_range_are_declared", "made_up_histories"]

SLACK = 1e-9
"""A sum of many accuracies may leave its range by rounding."""

RUNS = 40
LONGEST = 6


def values_lie_in_the_declared_range(subject: Subject) -> None:
    """For two tasks or more the value is a finite float in [low, high]; for one it may be not a number."""
    metric = _metric(subject)
    low, high = metric.low - SLACK, metric.high + SLACK
    for history in made_up_histories():
        value = metric.value(history)
        came = f"for {history} it gave {value!r}"
        require(isinstance(value, float), came, "Return float(...).")
        undefined = history.tasks == 1 and math.isnan(value)
        fix = "Clamp it, declare another low and high, or define it where a sum is empty or a quotient has no value."
        require(undefined or low <= value <= high, f"{came}, outside of [{metric.low}, {metric.high}]", fix)


def measuring_is_pure(subject: Subject) -> None:
    """The history is not changed, and the same history always has the same value."""
    metric, histories = _metric(subject), made_up_histories()
    first = [metric.value(history) for history in copy.deepcopy(histories)]
    for history, kept, expected in reversed(list(zip(histories, made_up_histories(), first, strict=True))):
        value = metric.value(history)
        require(history == kept, f"{kept} became {history}", "Compute without changing it.")
        same = value == expected or (math.isnan(value) and math.isnan(expected))
        require(same, f"{kept} gave {expected!r} and then {value!r}", "Keep nothing on self in value.")


def units_do_not_matter(subject: Subject) -> None:
    """A value in a bounded range does not depend on the units that memory and operations are counted in."""
    if math.isinf(subject.cls.low) or math.isinf(subject.cls.high):
        return
    metric = _metric(subject)
    for history in made_up_histories():
        value, other = metric.value(history), metric.value(_in_other_units(history))
        same = math.isclose(value, other, abs_tol=SLACK) or (math.isnan(value) and math.isnan(other))
        came = f"{history} gave {value!r}, and {other!r} with memory and operations counted in halves"
        require(same, came, "Divide by another quantity of the same unit, or declare an infinite range.")


def _in_other_units(history: History) -> History:
    return replace(
        history,
        model_bytes=tuple(2 * count for count in history.model_bytes),
        buffer_bytes=tuple(2 * count for count in history.buffer_bytes),
        extra_bytes=tuple(2 * count for count in history.extra_bytes),
        data_bytes=2 * history.data_bytes,
        operations=tuple(2 * count for count in history.operations),
        single_pass=tuple(2 * count for count in history.single_pass),
    )


def direction_and_range_are_declared(subject: Subject) -> None:
    """``direction`` is "maximize" or "minimize", and ``low`` is below ``high``."""
    direction: Any = subject.cls.direction
    require(direction in ("maximize", "minimize"), f"direction is {direction!r}", 'Write "maximize" or "minimize".')
    low, high = subject.cls.low, subject.cls.high
    require(low < high, f"low is {low!r}, high is {high!r}", "Give the least and the greatest value there is.")


def _metric(subject: Subject) -> Metric:
    metric: Metric = subject.build()
    return metric


def made_up_histories() -> Sequence[History]:
    """Random runs and those at the limits: all right, all wrong, everything forgotten, nothing computed or stored."""
    rng = np.random.default_rng(0)
    lengths = [1 + run % LONGEST for run in range(RUNS)]
    limits = [
        _history(tasks, rng, accuracy=accuracy, operations=operations)
        for tasks in (1, 2, LONGEST)
        for accuracy in (lambda i, j: 1.0, lambda i, j: 0.0, lambda i, j: float(i == j), lambda i, j: float(i < j))
        for operations in (0, 10**15)
    ]
    return [_history(tasks, rng) for tasks in lengths] + limits


def _history(tasks: int, rng: np.random.Generator, accuracy: Any = None, operations: int | None = None) -> History:
    entry = accuracy or (lambda i, j: float(rng.random()))
    rows = tuple(tuple(entry(i, j) for j in range(1, tasks + 1)) for i in range(tasks + 1))
    spent = tuple(int(rng.integers(1, 10**12)) if operations is None else operations for _ in range(tasks))
    return History(
        accuracy=rows,
        model_bytes=tuple(int(rng.integers(1, 10**7)) for _ in range(tasks)),
        buffer_bytes=tuple(int(rng.integers(2) * rng.integers(10**8)) for _ in range(tasks)),
        data_bytes=int(rng.integers(1, 10**8)),
        operations=spent,
        single_pass=tuple(min(int(rng.integers(1, 10**10)), most) for most in spent),
        extra_bytes=tuple(int(rng.integers(2) * rng.integers(10**6)) for _ in range(tasks)),
        task_aware=tuple(tuple(max(value, float(rng.random())) for value in row) for row in rows),
        confusion=tuple(_confusion(rows[learned], learned) for learned in range(1, tasks + 1)),
        classes=tuple((label,) for label in range(tasks)),
        samples=tuple(int(rng.integers(1, 10**5)) for _ in range(tasks)),
        replayed=tuple(int(rng.integers(10**5)) if task else 0 for task in range(tasks)),
        coverage=({},) * tasks,
        seconds=tuple({"total": float(rng.random())} for _ in range(tasks)),
    )


def _confusion(row: Sequence[float], learned: int) -> tuple[tuple[int, ...], ...]:
    """One class a task with a hundred samples; those that are wrong are taken for the class before."""
    counts = [[0] * len(row) for _ in row]
    for label in range(learned):
        right = round(100 * row[label])
        counts[label][label] += right
        counts[label][label - 1] += 100 - right
    return tuple(map(tuple, counts))


def _exercise(subject: Subject) -> Outcome:
    metric = _metric(subject)
    values = [metric.value(history) for history in made_up_histories()]
    return {f"history {number}": torch.tensor(float(value)) for number, value in enumerate(values)}


CHECKS: tuple[Body, ...] = (
    *common_checks(_metric),
    values_lie_in_the_declared_range,
    measuring_is_pure,
    units_do_not_matter,
    direction_and_range_are_declared,
    *result_checks(_exercise),
)
