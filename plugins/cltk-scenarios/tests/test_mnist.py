"""The published MNIST, where ``CLTK_DATA_DIR`` has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from cltk_scenarios.mnist import SplitMNIST

TRAIN = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
TEST = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)


@pytest.fixture(scope="module")
def folder() -> Path:
    name = os.environ.get("CLTK_DATA_DIR")
    if not name:
        pytest.skip("CLTK_DATA_DIR is not set")
    files = (*SplitMNIST.archive.train, *SplitMNIST.archive.test)
    if any(file.find([Path(name, "MNIST", "raw")]) is None for file in files):
        pytest.skip(f"CLTK_DATA_DIR='{name}' does not hold MNIST")
    return Path(name)


@pytest.fixture(scope="module")
def mnist(folder: Path) -> SplitMNIST:
    return SplitMNIST(SplitMNIST.Config(validation=0.1), [folder])


def test_counts(mnist: SplitMNIST) -> None:
    labels = [torch.cat([task.train.y, task.validation.y]) for task in mnist.tasks]
    assert tuple(torch.cat(labels).bincount().tolist()) == TRAIN
    assert tuple(torch.cat([task.test.y for task in mnist.tasks]).bincount().tolist()) == TEST
    assert sum(TRAIN) == 60_000
    assert sum(TEST) == 10_000


def test_a_tenth_of_each_class_is_held_out(mnist: SplitMNIST) -> None:
    held = torch.cat([task.validation.y for task in mnist.tasks]).bincount().tolist()
    assert held == [round(count / 10) for count in TRAIN]


def test_pixels(mnist: SplitMNIST) -> None:
    total = sum(float(part.x.double().sum()) for task in mnist.tasks for part in (task.train, task.validation))
    assert total / (60_000 * 784) == pytest.approx(0.1307, abs=5e-5)
    assert max(float(task.train.x.max()) for task in mnist.tasks) == 1
