from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cltk.config import check
from cltk.errors import ConfigError, DataError
from cltk.interfaces import Examples
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

    data = "Numbered"

    @classmethod
    def _read(cls, folders: Sequence[Path]) -> tuple[Images, Images]:
        return numbered(300), numbered(60)


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
        @classmethod
        def _read(cls, folders: Sequence[Path]) -> tuple[Images, Images]:
            test = numbered(60)
            rest = test.labels != 7
            return numbered(300), Images(test.pixels[rest], test.labels[rest], 255)

    with pytest.raises(DataError, match="class 7"):
        Poor(Poor.Config())
