"""Orders of classes that are drawn by the seed, from the settings to the record."""

from __future__ import annotations

from pathlib import Path

from cltk.api import Machine, load
from cltk.build import Prepared, prepare
from cltk.runs.runner import execute

CPU = Machine("cpu", threads=1)
QUICK = {"epochs": 1, "min_steps": 0}


def prepared(**scenario: object) -> Prepared:
    given = {"name": "split-digits", "per_class": 5, **scenario}
    return prepare(load(scenario=given, strategy={"name": "finetune", "classifier": QUICK}), CPU)


def test_each_seed_learns_its_own_classes_and_the_record_keeps_them(tmp_path: Path) -> None:
    experiment = prepared(class_order="seed")
    records = [execute(experiment, seed, tmp_path) for seed in (0, 1, 0)]
    assert records[0].classes == records[2].classes != records[1].classes
    assert [task.classes for task in records[1].tasks] == records[1].classes
    assert records[0].without_timings() == records[2].without_timings()
    assert records[0].config_hash == records[1].config_hash


def test_only_an_order_by_seed_depends_on_the_seed(tmp_path: Path) -> None:
    records = [execute(prepared(), seed, tmp_path) for seed in (0, 1)]
    assert records[0].classes == records[1].classes == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


def test_the_order_of_a_seed_does_not_depend_on_the_tasks() -> None:
    orders = [
        [label for task in prepared(class_order="seed", tasks=tasks).assemble(3).info.classes for label in task]
        for tasks in (2, 5)
    ]
    assert orders[0] == orders[1]


def test_returning_classes_are_learned_again(tmp_path: Path) -> None:
    record = execute(prepared(groups=[[0, 1, 2], [3], [0, 3, 4, 5, 6, 7, 8, 9]]), 0, tmp_path)
    assert record.finished
    assert record.classes == [[0, 1, 2], [3], [0, 3, 4, 5, 6, 7, 8, 9]]
    assert record.samples == [15, 5, 40]
