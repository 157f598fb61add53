"""Where and how to compute."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch

from cltk.api import Experiment, Machine
from cltk.build import prepare
from cltk.engine import train
from cltk.errors import ConfigError
from cltk.events import TaskEnded
from cltk.machine import usable_cores


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


@pytest.mark.parametrize(
    "wrong", [{"threads": 0}, {"threads": -1}, {"threads": 1.5}, {"threads": True}, {"precision": "fp16"}]
)
def test_what_cannot_be_is_refused_and_not_ignored(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=str(next(iter(wrong.values())))):
        Machine(**wrong)


@pytest.mark.parametrize(("hidden", "threads"), [([50], 1), ([2000, 2000], 3)])
def test_small_networks_get_one_thread(
    make_digits: Callable[..., Experiment], hidden: list[int], threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cltk.machine.usable_cores", lambda: 3)
    prepared = prepare(make_digits(classifier={"name": "mlp", "hidden": hidden}), Machine("cpu"))
    assert prepared.threads == threads


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is here")
def test_a_run_on_a_gpu_learns_what_it_learns_elsewhere(digits: Experiment) -> None:
    accuracy = {}
    for device in ("cpu", "cuda"):
        events = train(prepare(digits, Machine(device)).assemble(0))
        accuracy[device] = fmean(next(event for event in events if isinstance(event, TaskEnded)).accuracy)
    assert accuracy["cuda"] == pytest.approx(accuracy["cpu"], abs=0.1)


@pytest.mark.parametrize(
    ("variables", "cores"),
    [
        ({}, 4),
        ({"SLURM_CPUS_PER_TASK": "2"}, 2),
        ({"OMP_NUM_THREADS": "3"}, 3),
        ({"OMP_NUM_THREADS": "3", "SLURM_CPUS_PER_TASK": "1"}, 1),
        ({"OMP_NUM_THREADS": "64"}, 4),
        ({"OMP_NUM_THREADS": "2,1"}, 2),
        ({"OMP_NUM_THREADS": " 2 "}, 2),
        ({"OMP_NUM_THREADS": "many"}, 4),
    ],
)
def test_the_cores_that_may_be_used_are_those_that_were_allotted(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], cores: int
) -> None:
    for name in ("SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 7, 9})
    monkeypatch.setattr("cltk.machine.QUOTA", Path("nowhere"))
    assert usable_cores() == cores


@pytest.mark.parametrize(("text", "cores"), [("250000 100000", 2), ("20000 100000", 1), ("max 100000", 4), ("", 4)])
def test_a_container_has_as_much_time_as_it_was_allotted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, cores: int
) -> None:
    for name in ("SLURM_CPUS_PER_TASK", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "cpu.max").write_text(text)
    monkeypatch.setattr("cltk.machine.QUOTA", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 7, 9})
    assert usable_cores() == cores
