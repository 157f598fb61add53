"""Permuted and rotated MNIST, on a small data set in MNIST's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from cltk_scenarios.mnist import SplitMNIST
from cltk_scenarios.permuted_mnist import PermutedMNIST
from cltk_scenarios.rotated_mnist import RotatedMNIST, _rotation

BOTH = pytest.mark.parametrize("cls", [PermutedMNIST, RotatedMNIST])
Images = torch.Tensor


@pytest.fixture
def folders(small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setattr(SplitMNIST, "archive", small.archive)
    return [small.write(tmp_path)]


def build(cls: Any, folders: list[Path], **settings: Any) -> Any:
    return cls(cls.Config(**settings), folders)


def firsts(scenario: Any) -> list[Images]:
    return [task.train.x for task in scenario.tasks]


@BOTH
def test_every_task_has_all_digits_and_the_same_labels(cls: Any, folders: list[Path]) -> None:
    info = build(cls, folders, tasks=3).info
    assert info.setting == "domain"
    assert info.outputs == 10
    assert info.classes == (tuple(range(10)),) * 3
    assert info.sizes == (30, 30, 30)
    assert build(cls, folders, tasks=3, per_class=2, validation=0.34).info.sizes == (20, 20, 20)


def test_a_permutation_moves_pixels_of_training_and_test_alike(folders: list[Path]) -> None:
    plain = SplitMNIST(SplitMNIST.Config(tasks=1), folders).tasks[0]
    for task in build(PermutedMNIST, folders, tasks=3).tasks:
        for part, original in ((task.train, plain.train), (task.test, plain.test)):
            assert not torch.equal(part.x, original.x)
            assert torch.equal(part.x.flatten(1).sort().values, original.x.flatten(1).sort().values)
            assert torch.equal(part.y, original.y)
    # Pixels are as good as all different: the place that each went to is the same in training and test images.
    first = build(PermutedMNIST, folders, tasks=1).tasks[0]
    places = torch.stack(
        [
            (first.train.x[:, 0].flatten(1) == column[:, None]).all(0).nonzero()[0, 0]
            for column in plain.train.x.flatten(1).T
        ]
    )
    assert torch.equal(first.test.x.flatten(1)[:, places], plain.test.x.flatten(1))


@BOTH
def test_transforms_differ_from_task_to_task_and_are_the_same_in_every_run(cls: Any, folders: list[Path]) -> None:
    scenario = build(cls, folders, tasks=3)
    one, two, three = firsts(scenario)
    assert not torch.equal(one, two)
    assert not torch.equal(two, three)
    assert scenario.for_seed(1) is scenario
    assert all(
        torch.equal(x, again) for x, again in zip(firsts(scenario), firsts(build(cls, folders, tasks=3)), strict=True)
    )


@BOTH
def test_each_seed_may_draw_its_own(cls: Any, folders: list[Path]) -> None:
    scenario = build(cls, folders, tasks=2, transforms="seed")
    assert not torch.equal(firsts(scenario.for_seed(1))[0], firsts(scenario.for_seed(2))[0])
    assert torch.equal(firsts(scenario.for_seed(1))[0], firsts(scenario.for_seed(1))[0])


def test_a_quarter_turn_goes_anticlockwise() -> None:
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(_rotation(torch.pi / 2)(x), torch.rot90(x, 1, (2, 3)), atol=1e-4)


def test_angles_stay_in_the_share_of_their_task(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    angles: list[float] = []
    monkeypatch.setattr("cltk_scenarios.rotated_mnist._rotation", lambda angle: angles.append(angle) or (lambda x: x))
    build(RotatedMNIST, folders, tasks=4, degrees=90)
    shares = [int(angle / (torch.pi / 8)) for angle in angles]
    assert shares == [0, 1, 2, 3]
