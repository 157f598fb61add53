from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from cltk_scenarios import digits as module
from cltk_scenarios.digits import SplitDigits


def test_facts() -> None:
    scenario = SplitDigits(SplitDigits.Config())
    assert scenario.info.shape == (1, 8, 8)
    assert scenario.info.classes == ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
    assert scenario.info.sizes == (289, 289, 291, 289, 284)
    assert sum(len(task.test) for task in scenario.tasks) == 355
    pixels = torch.cat([task.train.x for task in scenario.tasks])
    assert set((pixels * 16).unique().tolist()) == set(range(17))


def test_a_fifth_of_each_class_is_tested() -> None:
    for task in SplitDigits(SplitDigits.Config(tasks=10)).tasks:
        assert len(task.test) == (len(task.train) + len(task.test)) // 5


def test_the_file_and_scikit_learn_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    table = module._table()
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert np.array_equal(module._table(), table)


def test_reading_imports_neither_scikit_learn_nor_torchvision() -> None:
    program = (
        "import sys, cltk_scenarios.mnist; from cltk_scenarios.digits import SplitDigits;"
        "SplitDigits(SplitDigits.Config()); assert not {'sklearn', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
