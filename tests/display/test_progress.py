"""What a terminal shows of runs that go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cltk.build import prepare
from cltk.display.progress import Progress
from cltk.events import TaskStarted
from cltk.experiment import Experiment
from cltk.machine import Machine
from cltk.runs.runner import execute


def test_a_seed_that_had_ended_before_counts(
    make_digits: Callable[..., Experiment],
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # Makes a terminal of whatever there is.
    experiment = make_digits(scenario={"name": "split-digits", "per_class": 5}, strategy="gdumb", generator=None)
    record = execute(prepare(experiment, machine), 0, tmp_path)
    with Progress(3) as progress:
        progress.finish(record)
        progress.observe(TaskStarted(0, 10, 0), record.model_copy(update={"seed": 1}))
    assert "seed 1 (2 of 3)" in capsys.readouterr().err


def test_seeds_that_are_trained_together_are_shown_as_such(
    make_digits: Callable[..., Experiment],
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    experiment = make_digits(scenario={"name": "split-digits", "per_class": 5}, strategy="gdumb", generator=None)
    record = execute(prepare(experiment, machine), 0, tmp_path)
    with Progress(2) as progress:
        for seed in (0, 1):
            progress.observe(TaskStarted(0, 10, 0), record.model_copy(update={"seed": seed, "run_id": f"run-{seed}"}))
    assert "2 of 2 seeds together" in capsys.readouterr().err
