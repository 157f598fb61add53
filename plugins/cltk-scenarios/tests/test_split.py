from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cltk.config import check
from cltk.errors import ConfigError, DataError
from cltk.interfaces import Examples
from cltk_scenarios.division import TenClasses
from cltk_scenarios.images import Images
from cltk_scenarios.split import Split


def numbered(count: int) -> Images:
    """Images that each hold their own number; class k has about twice as many as class 0 at k = 9."""
    labels = np.arange(count) * 7 % 15 % 10
    pixels = np.zeros((count, 1, 2), np.uint8)
    pixels[:, 0, 0], pixels[:, 0, 1] = np.divmod(np.arange(count), 256)
    return Images(pixels, labels.astype(np.uint8), 255)


class Numbered(Split):
    """What the scenarios share, on images that can be told from one another."""

    class Config(TenClasses):
        """Ten classes."""

    data = "Numbered"

    def _read(self, folders: Sequence[Path]) -> tuple[Images, Images, int]:
        return numbered(300), numbered(60), 10


def numbers(examples: Examples) -> list[int]:
    pixels = (examples.x * 255).round().long()
    return (pixels[:, 0, 0, 0] * 256 + pixels[:, 0, 0, 1]).tolist()


configs = st.builds(
    Numbered.Config,
    tasks=st.integers(1, 10),
    setting=st.sampled_from(["class", "task", "domain"]),
    class_order=st.none() | st.permutations(range(10)).map(tuple),
    validation=st.sampled_from([0.0, 0.1, 0.5, 0.99]),
    per_class=st.none() | st.integers(1, 30),
)


@settings(deadline=None, max_examples=60)
@given(configs)
def test_tasks_divide_the_data(config: Numbered.Config) -> None:
    tasks = Numbered(config).tasks
    trained = [number for task in tasks for number in numbers(task.train)]
    held = [number for task in tasks for number in numbers(task.validation)]
    tested = [number for task in tasks for number in numbers(task.test)]
    assert len(set(trained + held)) == len(trained) + len(held)
    assert sorted(tested) == list(range(60))
    if config.per_class is None:
        assert sorted(trained + held) == list(range(300))
    assert (len(held) == 0) == (config.validation == 0)


@settings(deadline=None, max_examples=60)
@given(configs)
def test_labels_follow_the_setting(config: Numbered.Config) -> None:
    scenario = Numbered(config)
    order = list(config.class_order or range(10))
    groups = [part.tolist() for part in np.array_split(order, config.tasks)]
    truth = numbered(300).labels
    for task, group in zip(scenario.tasks, groups, strict=True):
        expected = [int(truth[number]) for number in numbers(task.train)]
        if config.setting == "domain":
            assert task.classes == tuple(range(len(group)))
            expected = [group.index(label) for label in expected]
        else:
            assert task.classes == tuple(group)
        assert task.train.y.tolist() == expected
        assert set(task.train.y.tolist()) == set(task.test.y.tolist()) == set(task.classes)
    assert scenario.outputs == (len(groups[0]) if config.setting == "domain" else 10)
    assert scenario.info.setting == scenario.setting == config.setting


@settings(deadline=None, max_examples=20)
@given(configs)
def test_a_scenario_is_the_same_whenever_it_is_built(config: Numbered.Config) -> None:
    torch.manual_seed(0)
    first = Numbered(config).tasks
    torch.manual_seed(1)
    second = Numbered(config).tasks
    for one, other in zip(first, second, strict=True):
        assert numbers(one.train) == numbers(other.train)
        assert numbers(one.validation) == numbers(other.validation)


def test_what_is_held_out_does_not_depend_on_the_tasks() -> None:
    configs = [
        Numbered.Config(validation=0.2),
        Numbered.Config(validation=0.2, tasks=3, class_order=tuple(reversed(range(10))), per_class=2),
    ]
    held = [
        sorted(number for task in Numbered(config).tasks for number in numbers(task.validation)) for config in configs
    ]
    assert held[0] == held[1]


def test_examples_are_as_the_interface_says() -> None:
    for task in Numbered(Numbered.Config(validation=0.1)).tasks:
        for part in (task.train, task.validation, task.test):
            assert part.x.dtype == torch.float32
            assert part.y.dtype == torch.int64
            assert part.x.shape[1:] == (1, 1, 2)
            assert 0 <= part.x.min() <= part.x.max() <= 1
            assert numbers(part) == sorted(numbers(part))


def test_nothing_held_out_is_an_empty_set_of_the_same_shape() -> None:
    validation = Numbered(Numbered.Config()).tasks[0].validation
    assert len(validation) == 0
    assert validation.x.shape == (0, 1, 1, 2)
    assert validation.y.dtype == torch.int64


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"tasks": 0}, "tasks"),
        ({"tasks": 11}, "tasks"),
        ({"setting": "instance"}, "setting"),
        ({"class_order": [0, 1, 2]}, "class_order"),
        ({"class_order": [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]}, "class_order"),
        ({"class_order": list(range(1, 11))}, "class_order"),
        ({"class_order": "sead"}, "class_order"),
        ({"groups": [[0, 1], [10]]}, "groups"),
        ({"groups": [[0, 1], [2, 2]]}, "groups"),
        ({"groups": [[0, 1], []]}, "groups.1"),
        ({"groups": [[0, 1], [2]], "tasks": 3}, "groups"),
        ({"validation": 1.0}, "validation"),
        ({"validation": -0.1}, "validation"),
        ({"per_class": 0}, "per_class"),
        ({"task": 5}, "task"),
    ],
)
def test_fields_out_of_bounds_are_named(values: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigError, match=f"'{field}'"):
        check(Numbered.Config, values, "scenario 'numbered'")


def test_every_field_is_described() -> None:
    assert all(field.description for field in Numbered.Config.model_fields.values())


def test_data_without_a_class_is_refused() -> None:
    class Poor(Numbered):
        def _read(self, folders: Sequence[Path]) -> tuple[Images, Images, int]:
            test = numbered(60)
            rest = test.labels != 7
            return numbered(300), Images(test.pixels[rest], test.labels[rest], 255), 10

    with pytest.raises(DataError, match="class 7"):
        Poor(Poor.Config())


GROUPS = ((0, 1, 2), (3,), (0, 4, 5, 6, 7, 8, 9), (3, 0))


@pytest.mark.parametrize("setting", ["class", "task", "domain"])
def test_tasks_may_differ_in_size_and_classes_come_back(setting: Any) -> None:
    scenario = Numbered(Numbered.Config(groups=GROUPS, setting=setting, class_order=tuple(reversed(range(10)))))
    truth = numbered(300).labels
    for task, group in zip(scenario.tasks, GROUPS, strict=True):
        classes = [9 - position for position in group]
        assert {int(truth[number]) for number in numbers(task.train)} == set(classes)
        assert task.classes == (tuple(range(len(group))) if setting == "domain" else tuple(classes))
    assert scenario.config.tasks == len(GROUPS)
    assert scenario.outputs == (7 if setting == "domain" else 10)


def test_a_class_that_comes_back_brings_the_same_samples_or_new_ones() -> None:
    def trained(repeats: Any) -> list[list[int]]:
        config = Numbered.Config(groups=((0,), (0, 1), (0,)), repeats=repeats, validation=0.2)
        return [numbers(task.train) + numbers(task.validation) for task in Numbered(config).tasks]

    first, second, third = trained("same")
    assert first == third
    assert set(first) < set(second)
    parts = trained("new")
    assert len(set().union(*parts)) == sum(map(len, parts)) == len(second)
    assert len(parts[0]) < len(first)


def test_more_returns_than_samples_are_refused() -> None:
    with pytest.raises(ConfigError, match="1 training samples of class 0 for 2 tasks"):
        Numbered(Numbered.Config(groups=((0,), (0, 1)), repeats="new", per_class=1))


def test_twelve_tasks_of_ten_classes_are_possible_where_classes_come_back() -> None:
    assert len(Numbered(Numbered.Config(groups=((0, 1),) * 12)).tasks) == 12


def test_each_seed_draws_its_own_order() -> None:
    scenario = Numbered(Numbered.Config(class_order="seed", validation=0.2))
    first, second = scenario.for_seed(1), scenario.for_seed(2)
    assert first.info.classes != second.info.classes
    assert sorted(label for task in first.tasks for label in task.classes) == list(range(10))
    assert first.info.classes == Numbered(Numbered.Config(class_order="seed", tasks=5), seed=1).info.classes
    held = [{number for task in drawn.tasks for number in numbers(task.validation)} for drawn in (first, second)]
    assert held[0] == held[1]


def test_without_that_the_scenario_is_the_same_for_all_seeds() -> None:
    scenario = Numbered(Numbered.Config())
    assert scenario.for_seed(1) is scenario
