"""Runs that are cut off go on as if they never had been."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.api import Machine
from cltk.build import Bench, prepare
from cltk.config import Experiment
from cltk.events import Event, TaskEnded
from cltk.record import Record
from cltk.sinks.checkpoint import Checkpoints
from cltk.sinks.session import execute, unfinished

STRATEGIES = ("generative-replay", "experience-replay", "gdumb", "finetune", "joint")


class CutError(BaseException):
    """What ends a run as suddenly as a signal does: nothing after it is written."""


def cut_after(task: int) -> Callable[[Event, Record], None]:
    def sink(event: Event, record: Record) -> None:
        if isinstance(event, TaskEnded) and event.task == task:
            raise CutError

    return sink


@pytest.fixture
def bench(make_digits: Callable[..., Experiment], machine: Machine, request: pytest.FixtureRequest) -> Bench:
    name = getattr(request, "param", "generative-replay")
    slots: dict[str, Any] = {"strategy": {"name": name, "classifier": {"epochs": 1, "min_steps": 0}}}
    if name == "generative-replay":
        slots["strategy"]["generator"] = {"epochs": 1, "min_steps": 0}
        slots["strategy"]["replay"] = {"labels": "soft"}
    else:
        slots["generator"] = None
    return prepare(make_digits(**slots), machine)


def comparable(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.to_dict().items() if name != "seconds"}


@pytest.mark.parametrize("bench", STRATEGIES, indirect=True)
def test_the_record_is_that_of_an_uninterrupted_run(bench: Bench, tmp_path: Path) -> None:
    whole = execute(bench, 3, tmp_path / "whole")
    for task in (0, 2):
        store = tmp_path / f"cut-{task}"
        with pytest.raises(CutError):
            execute(bench, 3, store, [cut_after(task)])
        assert unfinished(bench, 3, store) == task + 1
        assert comparable(execute(bench, 3, store, resume=True)) == comparable(whole)
        weights = [folder / whole.run_id / "weights.safetensors" for folder in (store, tmp_path / "whole")]
        assert weights[0].read_bytes() == weights[1].read_bytes()


def test_a_finished_run_leaves_no_checkpoint_and_is_not_run_again(bench: Bench, tmp_path: Path) -> None:
    first = execute(bench, 0, tmp_path)
    assert unfinished(bench, 0, tmp_path) == 0
    assert execute(bench, 0, tmp_path, [cut_after(0)], resume=True) == first


def test_restarting_ignores_what_was_cut_off(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(CutError):
        execute(bench, 0, tmp_path, [cut_after(3)])
    seen: list[Event] = []
    execute(bench, 0, tmp_path, [lambda event, record: seen.append(event)])
    assert [event.task for event in seen if isinstance(event, TaskEnded)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_checkpoint_is_noticed_and_the_one_before_it_used(
    bench: Bench, tmp_path: Path, damage: str, seed: int
) -> None:
    with pytest.raises(CutError):
        execute(bench, 0, tmp_path, [cut_after(2)])
    (path,) = tmp_path.glob("*/checkpoint-003-*")
    content = bytearray(path.read_bytes())
    position = random.Random(seed).randrange(len(content))  # noqa: S311 - not a secret
    content[position] ^= 1 << seed
    path.write_bytes({"cut": content[:position], "flipped": content, "emptied": b""}[damage])
    assert unfinished(bench, 0, tmp_path) == 2
    record = execute(bench, 0, tmp_path, resume=True)
    assert record.status == "finished"
    assert any(path.name in warning and "checksum" in warning for warning in record.warnings)
    assert record.accuracy == execute(bench, 0, tmp_path / "whole").accuracy


def test_a_checkpoint_is_written_whole_or_not_at_all(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(CutError):
        execute(bench, 0, tmp_path, [cut_after(0)])
    before = sorted(path.name for path in tmp_path.glob("*/*"))
    checkpoint, problems = Checkpoints(next(tmp_path.iterdir())).latest()
    assert checkpoint is not None
    assert problems == []
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left"):
        Checkpoints(next(tmp_path.iterdir())).save(checkpoint)
    assert sorted(path.name for path in tmp_path.glob("*/*")) == before
