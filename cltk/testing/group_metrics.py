"""What a metric of several runs promises."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from cltk.interfaces import GroupMetric, History, Record
from cltk.record import TaskRecord
from cltk.testing.components import common_checks, result_checks
from cltk.testing.defects import require
from cltk.testing.metrics import SLACK, direction_and_range_are_declared, made_up_histories
from cltk.testing.outcome import Outcome
from cltk.testing.runs import CONFIG
from cltk.testing.subject import Body, Subject

__all__ = ["GROUP_METRIC_CHECKS"]

SIZES = (1, 2, 3, 5)
"""Numbers of runs."""


class Group(NamedTuple):
    """Runs, and those that they are held against."""

    records: Sequence[Record]
    references: Mapping[str, Sequence[Record]]


def values_lie_in_the_declared_range(subject: Subject) -> None:
    """For two runs or more the value is a finite float in [low, high]; for one it may be not a number."""
    metric = _metric(subject)
    low, high = metric.low - SLACK, metric.high + SLACK
    for group in _groups(metric):
        value = metric.value(*group)
        came = f"for {len(group.records)} runs of {len(group.records[0].tasks)} tasks it gave {value!r}"
        require(isinstance(value, float), came, "Return float(...).")
        few = len(group.records) == 1 or len(group.records[0].tasks) == 1
        fix = "Clamp it, declare another low and high, or define it where a sum is empty or a quotient has no value."
        fine = (few and math.isnan(value)) or low <= value <= high
        require(fine, f"{came}, outside of [{metric.low}, {metric.high}]", fix)


def measuring_is_pure(subject: Subject) -> None:
    """The records are not changed, and the same records always have the same value."""
    metric = _metric(subject)
    groups = _groups(metric)
    first = [metric.value(*copy.deepcopy(group)) for group in groups]
    for group, expected in reversed(list(zip(groups, first, strict=True))):
        handed = copy.deepcopy(group)
        value = metric.value(*handed)
        require(handed == group, "the records were changed", "Compute without changing them.")
        same = value == expected or (math.isnan(value) and math.isnan(expected))
        require(same, f"the same records gave {expected!r} and then {value!r}", "Keep nothing on self in value.")


def references_are_experiments(subject: Subject) -> None:
    """``references`` gives overrides by name, as a file nests them, and leaves the configuration as it was."""
    metric, config = _metric(subject), copy.deepcopy(CONFIG)
    references: Any = metric.references(config)
    fine = isinstance(references, Mapping) and all(isinstance(value, dict) for value in references.values())
    require(fine, f"it gave {references!r}", 'Return such as {"joint": {"strategy": {"name": "joint"}}}.')
    require(config == CONFIG, "the configuration was changed", "Make new dictionaries.")


def _metric(subject: Subject) -> GroupMetric:
    metric: GroupMetric = subject.build()
    return metric


def _groups(metric: GroupMetric) -> Sequence[Group]:
    """Groups of several sizes, of runs with as many tasks each."""
    by_length: dict[int, list[Record]] = {}
    for history in made_up_histories():
        records = by_length.setdefault(history.tasks, [])
        records.append(_record(history, len(records)))
    names = list(metric.references(CONFIG))
    return [
        Group(records[:size], dict.fromkeys(names, records[-size:])) for records in by_length.values() for size in SIZES
    ]


def _record(history: History, seed: int) -> Record:
    """A record that holds a history."""
    rows = ("accuracy", "task_aware")
    tasks = [
        TaskRecord.model_validate(
            {name: getattr(history, name)[task] for name in TaskRecord.model_fields if name not in rows}
            | {"accuracy": history.accuracy[task + 1], "task_aware": history.task_aware[task + 1]}
        )
        for task in range(history.tasks)
    ]
    return Record(
        run_id=f"made-up-seed{seed}",
        status="finished",
        config=CONFIG,
        config_hash="made-up",
        seed=seed,
        plugins={},
        classes=[list(classes) for classes in history.classes],
        untrained=list(history.accuracy[0]),
        untrained_task_aware=list(history.task_aware[0]),
        tasks=tasks,
        data_bytes=history.data_bytes,
    )


def _exercise(subject: Subject) -> Outcome:
    metric = _metric(subject)
    values = [metric.value(*group) for group in _groups(metric)]
    return {f"group {number}": torch.tensor(float(value)) for number, value in enumerate(values)}


GROUP_METRIC_CHECKS: tuple[Body, ...] = (
    *common_checks(_metric),
    references_are_experiments,
    values_lie_in_the_declared_range,
    measuring_is_pure,
    direction_and_range_are_declared,
    *result_checks(_exercise),
)
