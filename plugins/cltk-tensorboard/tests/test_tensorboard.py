"""Runs and their groups in event files, read back as TensorBoard reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cltk.build import prepare
from cltk.experiment import Experiment
from cltk.interfaces import RunGroup
from cltk.machine import Machine
from cltk.record import Record
from cltk.runs.seeds import run_seeds
from cltk.runs.sinks import make_sinks
from cltk.testing import conformance_tests
from cltk_tensorboard.sink import TensorBoard

test_conformance = conformance_tests(TensorBoard)


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Every curve of a folder: its steps and values."""
    events = EventAccumulator(str(folder))
    events.Reload()
    return {tag: [(point.step, point.value) for point in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_a_run_is_followed_task_by_task(
    make_digits: Callable[..., Experiment], machine: Machine, tmp_path: Path
) -> None:
    experiment = make_digits(strategy="finetune", generator=None, seeds=[0, 1], name="seen")
    ending = run_seeds(prepare(experiment, machine), tmp_path, make_sinks(["tensorboard"], {}, tmp_path))
    assert ending.notices == []
    for record in ending.records:
        curves = read(tmp_path / "tensorboard" / record.run_id)
        assert curves["accuracy/task_1"] == [
            (learned, pytest.approx(record.accuracy[learned][0])) for learned in range(1, 6)
        ]
        assert curves["metrics/final-average-accuracy"] == [(5, pytest.approx(record.final_accuracy))]
        assert len(curves["loss/classifier"]) == len(record.losses)
    assert ending.summary is not None
    mean = ending.summary["final-average-accuracy"]["mean"]
    assert read(tmp_path / "tensorboard" / "seen")["metrics/final-average-accuracy"] == [(2, pytest.approx(mean))]


def test_a_run_that_took_place_elsewhere_is_written_whole(record: Record, tmp_path: Path) -> None:
    sink = TensorBoard(TensorBoard.Config(folder="boards"), tmp_path)
    sink.begin_group(RunGroup("study", "comparison"))
    sink.finish(record)
    curves = read(tmp_path / "boards" / record.run_id)
    assert len(curves["accuracy/task_1"]) == len(record.tasks)
    assert len(curves["loss/generator"]) == 50


def test_it_is_named_or_not_used(tmp_path: Path) -> None:
    assert "tensorboard" not in make_sinks(None, {}, tmp_path)._sinks
    assert isinstance(make_sinks(["tensorboard"], {}, tmp_path)._sinks["tensorboard"], TensorBoard)
