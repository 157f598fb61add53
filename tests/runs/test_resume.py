"""Runs that are cut off go on as if they never had been."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from cltk.api import Machine
from cltk.build import Prepared, prepare
from cltk.engine.descent import Descent
from cltk.errors import NewerSchemaError, StoreError
from cltk.events import EpochEnded, Event, TaskEnded
from cltk.experiment import Experiment
from cltk.interfaces import Streams
from cltk.record import SCHEMA, Record
from cltk.record_file import read_record
from cltk.runs.checkpoint import Checkpoints
from cltk.runs.runner import execute, unfinished
from tests.observers import calling

STRATEGIES = ("generative-replay", "experience-replay", "gdumb", "finetune", "joint")


class CutError(BaseException):
    """What ends a run as suddenly as a signal does: nothing after it is written."""


def cut_after(task: int) -> Callable[[Event, Record], None]:
    def sink(event: Event, record: Record) -> None:
        if isinstance(event, TaskEnded) and event.task == task:
            raise CutError

    return sink


def cut_after_epoch(epochs: int) -> Callable[[Event, Record], None]:
    def sink(event: Event, record: Record) -> None:
        if isinstance(event, EpochEnded) and len(record.losses) == epochs:
            raise CutError

    return sink


@pytest.fixture
def prepared(make_digits: Callable[..., Experiment], machine: Machine, request: pytest.FixtureRequest) -> Prepared:
    name = getattr(request, "param", "generative-replay")
    slots: dict[str, Any] = {"strategy": {"name": name, "classifier": {"epochs": 2, "min_steps": 0}}}
    if name == "gaussian-mixture":
        slots["strategy"]["name"], slots["generator"] = "generative-replay", {"name": name, "components": 5}
    elif name == "generative-replay":
        slots["strategy"]["generator"] = {"epochs": 2, "min_steps": 0}
        slots["strategy"]["replay"] = {"labels": "soft"}
    else:
        slots["generator"] = None
    return prepare(make_digits(**slots), machine)


def comparable(record: Record) -> dict[str, Any]:
    return record.without_timings()


@pytest.mark.parametrize("prepared", STRATEGIES, indirect=True)
def test_the_record_is_that_of_an_uninterrupted_run(prepared: Prepared, tmp_path: Path) -> None:
    whole = execute(prepared, 3, tmp_path / "whole")
    for task in (0, 2):
        store = tmp_path / f"cut-{task}"
        with pytest.raises(CutError):
            execute(prepared, 3, store, calling(cut_after(task)))
        assert unfinished(prepared, 3, store) == f"after task {task + 1}"
        assert comparable(execute(prepared, 3, store, resume=True)) == comparable(whole)
        weights = [folder / whole.run_id / "weights.safetensors" for folder in (store, tmp_path / "whole")]
        assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.parametrize("prepared", STRATEGIES, indirect=True)
def test_a_run_goes_on_within_a_task(prepared: Prepared, tmp_path: Path) -> None:
    whole = execute(prepared, 3, tmp_path / "whole")
    epochs = len(whole.losses)
    for epoch in {1, epochs // 2, epochs - 1, epochs}:
        store = tmp_path / f"cut-{epoch}"
        with pytest.raises(CutError):
            execute(prepared, 3, store, calling(cut_after_epoch(epoch)), checkpoint_every=0)
        assert (unfinished(prepared, 3, store) or "").startswith("in task")
        seen: list[Event] = []
        resumed = execute(prepared, 3, store, calling(lambda event, record, seen=seen: seen.append(event)), resume=True)  # type: ignore[misc]
        assert comparable(resumed) == comparable(whole)
        weights = [folder / whole.run_id / "weights.safetensors" for folder in (store, tmp_path / "whole")]
        assert weights[0].read_bytes() == weights[1].read_bytes()


def test_an_epoch_that_is_behind_is_not_trained_again(prepared: Prepared, tmp_path: Path) -> None:
    with pytest.raises(CutError):
        execute(prepared, 0, tmp_path, calling(cut_after_epoch(5)), checkpoint_every=0)
    begun: list[float] = []
    original = Descent.epoch

    def epoch(self: Descent, streams: Streams) -> Tensor:
        begun.append(streams.path[-1])  # type: ignore[arg-type]
        return original(self, streams)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Descent, "epoch", epoch)
        record = execute(prepared, 0, tmp_path, resume=True)
    assert len(begun) == len(record.losses) - 5


def test_a_damaged_checkpoint_within_a_task_is_noticed_and_the_task_begun_anew(
    prepared: Prepared, tmp_path: Path
) -> None:
    with pytest.raises(CutError):
        execute(prepared, 0, tmp_path, calling(cut_after_epoch(5)), checkpoint_every=0)
    (path,) = tmp_path.glob("*/progress-*")
    path.write_bytes(path.read_bytes()[:-1])
    record = execute(prepared, 0, tmp_path, resume=True)
    assert any(path.name in warning and "checksum" in warning for warning in record.warnings)
    assert record.losses == execute(prepared, 0, tmp_path / "whole").losses


def test_an_interrupt_leaves_a_checkpoint_of_the_epoch(prepared: Prepared, tmp_path: Path) -> None:
    def interrupt(event: Event, record: Record) -> None:
        if isinstance(event, EpochEnded) and len(record.losses) == 3:
            signal.raise_signal(signal.SIGTERM)

    record = execute(prepared, 0, tmp_path, calling(interrupt))
    assert (record.status, record.error) == ("interrupted", "Terminated by another program (SIGTERM).")
    assert unfinished(prepared, 0, tmp_path) == "in task 1"
    assert comparable(execute(prepared, 0, tmp_path, resume=True)) == comparable(
        execute(prepared, 0, tmp_path / "whole")
    )


@pytest.mark.parametrize("checkpoint_every", [0, 60])
@pytest.mark.parametrize("epochs", [1, 3, 4])
def test_an_interrupt_before_a_new_epoch_leaves_the_checkpoint_as_it_was(
    prepared: Prepared, tmp_path: Path, checkpoint_every: float, epochs: int
) -> None:
    def interrupt(event: Event, record: Record) -> None:
        if not isinstance(event, EpochEnded) or len(record.losses) <= epochs:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(CutError):
        execute(prepared, 0, tmp_path, calling(cut_after_epoch(epochs)), checkpoint_every=0)
    (path,) = tmp_path.glob("*/progress-*")
    content = path.read_bytes()
    for _ in range(3):
        record = execute(prepared, 0, tmp_path, calling(interrupt), resume=True, checkpoint_every=checkpoint_every)
        assert (record.status, len(record.losses)) == ("interrupted", epochs)
        assert [*tmp_path.glob("*/progress-*")] == [path]
        assert path.read_bytes() == content
    assert comparable(execute(prepared, 0, tmp_path, resume=True)) == comparable(
        execute(prepared, 0, tmp_path / "whole")
    )


@pytest.mark.parametrize("checkpoint_every", [0, 60])
@pytest.mark.parametrize("prepared", [*STRATEGIES, "gaussian-mixture"], indirect=True)
def test_any_number_of_interruptions_changes_nothing(
    prepared: Prepared, tmp_path: Path, checkpoint_every: float
) -> None:
    """Cut off as by a kill, or interrupted, after one event or a few, before there is anything new and later."""
    whole = execute(prepared, 0, tmp_path / "whole")
    chance = random.Random(checkpoint_every)  # noqa: S311 - not a secret
    told: list[Event] = []
    attempts = 0
    while not (tmp_path / "cut" / whole.run_id / "weights.safetensors").exists():
        assert attempts < 200
        left, kind = chance.randint(1, 6), chance.choice(["cut", "interrupt"])
        attempts += 1

        def stop(event: Event, record: Record, left: list[int] = [left], kind: str = kind) -> None:  # noqa: B006
            told.append(event)
            left[0] -= 1
            if left[0] <= 0 and kind == "cut":
                raise CutError
            if left[0] <= 0:
                signal.raise_signal(signal.SIGINT)

        with suppress(CutError):
            execute(prepared, 0, tmp_path / "cut", calling(stop), resume=True, checkpoint_every=checkpoint_every)
    assert attempts > 5
    resumed = read_record(tmp_path / "cut" / whole.run_id / "record.json")
    assert comparable(resumed) == comparable(whole)
    weights = [tmp_path / name / whole.run_id / "weights.safetensors" for name in ("cut", "whole")]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    ended = [event.task for event in told if isinstance(event, TaskEnded)]
    assert sorted(set(ended)) == list(range(5))


def test_other_metrics_are_measured_from_the_first_task_on(
    make_digits: Callable[..., Experiment], machine: Machine, tmp_path: Path
) -> None:
    scenario = {"name": "split-digits", "per_class": 5}
    before, after = (
        prepare(make_digits(scenario=scenario, strategy="gdumb", generator=None, metrics=metrics), machine)
        for metrics in (["final-average-accuracy"], ["final-average-accuracy", "chaudhry-forgetting"])
    )
    whole = execute(after, 0, tmp_path / "whole")
    assert whole.curves["chaudhry-forgetting"][1:] != [None] * 4
    with pytest.raises(CutError):
        execute(before, 0, tmp_path / "cut", calling(cut_after(2)))
    assert comparable(execute(after, 0, tmp_path / "cut", resume=True)) == comparable(whole)
    execute(before, 0, tmp_path / "finished")
    assert comparable(execute(after, 0, tmp_path / "finished", resume=True)) == comparable(whole)


def test_seconds_add_up_over_the_attempts(prepared: Prepared, tmp_path: Path) -> None:
    seconds: Counter[str] = Counter()
    tasks: list[float] = []

    def note(event: Event, record: Record) -> None:
        if isinstance(event, EpochEnded):
            seconds[event.phase] += event.seconds
        if isinstance(event, TaskEnded):
            tasks.append(event.seconds)

    for epochs in (1, 3, 5):
        with pytest.raises(CutError):
            execute(prepared, 0, tmp_path, calling(note, cut_after_epoch(epochs)), resume=True, checkpoint_every=0)
    record = execute(prepared, 0, tmp_path, calling(note), resume=True)
    assert record.seconds == pytest.approx({**seconds, "total": sum(tasks)}, abs=0.01)
    assert record.seconds["total"] >= sum(seconds.values())


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
def test_a_damaged_record_is_noticed_and_the_run_made_again(prepared: Prepared, tmp_path: Path, damage: str) -> None:
    whole = execute(prepared, 0, tmp_path)
    path = tmp_path / whole.run_id / "record.json"
    content = path.read_bytes()
    flipped = content.replace(b'"seed": 0', b'"seed": 1')
    assert flipped != content
    path.write_bytes({"cut": content[:-1], "flipped": flipped, "emptied": b""}[damage])
    with pytest.raises(StoreError, match=r"record\.json' is incomplete or was altered"):
        read_record(path)
    again = execute(prepared, 0, tmp_path, resume=True)
    assert any("record.json" in warning for warning in again.warnings)
    assert again.accuracy == whole.accuracy


@pytest.mark.parametrize("resume", [False, True])
def test_a_record_of_a_newer_version_is_not_replaced(prepared: Prepared, tmp_path: Path, resume: bool) -> None:
    path = tmp_path / execute(prepared, 0, tmp_path).run_id / "record.json"
    newer = path.read_bytes().replace(SCHEMA.encode(), b"cltk.run/99")
    path.write_bytes(newer)
    with pytest.raises(NewerSchemaError, match=r"written by a newer cltk.*cltk\.run/99"):
        execute(prepared, 0, tmp_path, resume=resume)
    assert path.read_bytes() == newer


def test_a_finished_run_leaves_no_checkpoint_and_is_not_run_again(prepared: Prepared, tmp_path: Path) -> None:
    first = execute(prepared, 0, tmp_path)
    assert unfinished(prepared, 0, tmp_path) is None
    assert execute(prepared, 0, tmp_path, calling(cut_after(0)), resume=True) == first


def test_restarting_ignores_what_was_cut_off(prepared: Prepared, tmp_path: Path) -> None:
    with pytest.raises(CutError):
        execute(prepared, 0, tmp_path, calling(cut_after(3)))
    seen: list[Event] = []
    execute(prepared, 0, tmp_path, calling(lambda event, record: seen.append(event)))
    assert [event.task for event in seen if isinstance(event, TaskEnded)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied"])
@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_checkpoint_is_noticed_and_the_one_before_it_used(
    prepared: Prepared, tmp_path: Path, damage: str, seed: int
) -> None:
    with pytest.raises(CutError):
        execute(prepared, 0, tmp_path, calling(cut_after(2)))
    (path,) = tmp_path.glob("*/checkpoint-003-*")
    content = bytearray(path.read_bytes())
    position = random.Random(seed).randrange(len(content))  # noqa: S311 - not a secret
    content[position] ^= 1 << seed
    path.write_bytes({"cut": content[:position], "flipped": content, "emptied": b""}[damage])
    assert unfinished(prepared, 0, tmp_path) == "after task 2"
    record = execute(prepared, 0, tmp_path, resume=True)
    assert record.status == "finished"
    assert any(path.name in warning and "checksum" in warning for warning in record.warnings)
    assert record.accuracy == execute(prepared, 0, tmp_path / "whole").accuracy


def test_a_checkpoint_is_written_whole_or_not_at_all(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(CutError):
        execute(prepared, 0, tmp_path, calling(cut_after(0)))
    before = sorted(path.name for path in tmp_path.glob("*/*"))
    checkpoint, problems = Checkpoints(next(tmp_path.iterdir())).latest()
    assert checkpoint is not None
    assert problems == []
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left"):
        Checkpoints(next(tmp_path.iterdir())).save(checkpoint)
    assert sorted(path.name for path in tmp_path.glob("*/*")) == before
