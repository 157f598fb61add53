"""Labels of replayed samples, against what is worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
import torch

from cltk.config import check
from cltk.errors import ConfigError
from cltk.interfaces import SOFT_ONLY, Examples, LabelledReplay, Labeller, ScenarioInfo
from cltk.interfaces.active import ActiveUnits

INFO = ScenarioInfo((1, 1, 1), 6, (4, 4, 4), ((0, 1), (2, 3), (4, 5)), "class")
DEFAULT = LabelledReplay(temperature=2.0)
SCORES = torch.tensor([[1.0, 2.0, 4.0, 3.0, 9.0, 0.0]])


def labelled(
    labels: Literal["hard", "soft"],
    setting: Literal["class", "task"] = "class",
    task: int | None = None,
    replay: LabelledReplay = DEFAULT,
) -> Examples:
    """One sample of scores that favour a class of the third task, after two tasks."""
    labeller = Labeller(replace(INFO, setting=setting), 2, replay, SCORES.device)
    known = None if task is None else torch.tensor([task])
    return labeller.label(Examples(torch.zeros(1, 1, 1, 1), torch.tensor([SOFT_ONLY]), task=known), SCORES, labels)


def test_labels_are_of_the_classes_learned() -> None:
    assert labelled("hard").y.tolist() == [2]
    soft = labelled("soft")
    assert soft.y.tolist() == [SOFT_ONLY]
    expected = torch.cat([(SCORES[:, :4] / 2).softmax(1), torch.zeros(1, 2)], 1)
    torch.testing.assert_close(soft.soft, expected)


def test_soft_labels_may_be_of_all_units_where_they_competed() -> None:
    replay = LabelledReplay(targets="all")
    torch.testing.assert_close(labelled("soft", replay=replay).soft, (SCORES / 2).softmax(1))
    assert labelled("hard", replay=replay).y.tolist() == [2]
    assert torch.equal(labelled("soft", "task", replay=replay).soft, labelled("soft", "task").soft)  # type: ignore[arg-type]


def test_each_task_labels_a_sample_of_any_within_its_own_classes() -> None:
    within = [(SCORES[:, first : first + 2] / 2).softmax(1) / 2 for first in (0, 2)]
    torch.testing.assert_close(labelled("soft", "task").soft, torch.cat([*within, torch.zeros(1, 2)], 1))
    torch.testing.assert_close(labelled("hard", "task").soft, torch.tensor([[0.0, 0.5, 0.5, 0.0, 0.0, 0.0]]))


def test_a_task_that_is_known_labels_its_samples_alone() -> None:
    assert labelled("hard", "task", task=0).y.tolist() == [1]
    soft = labelled("soft", "task", task=1)
    expected = torch.cat([torch.zeros(1, 2), (SCORES[:, 2:4] / 2).softmax(1), torch.zeros(1, 2)], 1)
    torch.testing.assert_close(soft.soft, expected)
    assert soft.tasks.tolist() == [1]


def test_the_task_of_a_class_is_the_first_that_has_it() -> None:
    shared = replace(INFO, classes=((0, 1), (1, 2), (3, 4)), setting="task")
    labeller = Labeller(shared, 2, LabelledReplay(), SCORES.device)
    assert labeller.task_of(torch.tensor([2, 1, 0])).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("active", "setting", "left"), [("all", "class", 6), ("so-far", "class", 3), ("so-far", "task", 6)]
)
def test_units_compete_from_when_their_classes_come(
    active: Literal["all", "so-far"], setting: Literal["class", "task"], left: int
) -> None:
    units = ActiveUnits(replace(INFO, setting=setting), active, SCORES.device)
    units.add((0, 1))
    units.add((4,))
    competing = units.competing(SCORES)
    assert int(competing.isfinite().sum()) == left
    assert torch.equal(competing[:, [0, 1, 4]], SCORES[:, [0, 1, 4]])


def test_targets_of_units_that_do_not_compete_are_refused() -> None:
    with pytest.raises(ConfigError, match='needs active = "all"'):
        check(LabelledReplay, {"targets": "all", "active": "so-far"}, "replay")
