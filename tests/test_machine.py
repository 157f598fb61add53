"""Where and how to compute."""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import fmean

import pytest
import torch

from cltk.api import Experiment, Machine
from cltk.build import prepare
from cltk.engine import train
from cltk.events import TaskEnded


@pytest.mark.parametrize(
    ("amx", "avx512", "chosen"), [(True, False, "bf16"), (False, True, "bf16"), (False, False, "fp32")]
)
def test_auto_is_bfloat16_where_the_processor_multiplies_it(
    digits: Experiment, monkeypatch: pytest.MonkeyPatch, amx: bool, avx512: bool, chosen: str
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    assert prepare(digits, Machine("cpu", threads=1, precision="auto")).precision == chosen


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_precision_that_is_named_is_taken(digits: Experiment, precision: str) -> None:
    assert prepare(digits, Machine("cpu", threads=1, precision=precision)).precision == precision


@pytest.mark.parametrize(("hidden", "threads"), [([50], 1), ([2000, 2000], os.cpu_count())])
def test_small_networks_get_one_thread(make_digits: Callable[..., Experiment], hidden: list[int], threads: int) -> None:
    prepare(make_digits(classifier={"name": "mlp", "hidden": hidden}), Machine("cpu"))
    assert torch.get_num_threads() == threads


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is here")
def test_a_run_on_a_gpu_learns_what_it_learns_elsewhere(digits: Experiment) -> None:
    accuracy = {}
    for device in ("cpu", "cuda"):
        events = train(prepare(digits, Machine(device)).assemble(0))
        accuracy[device] = fmean(next(event for event in events if isinstance(event, TaskEnded)).accuracy)
    assert accuracy["cuda"] == pytest.approx(accuracy["cpu"], abs=0.1)
