"""Runs as short as they can be, in processes of their own that can be killed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.api import Machine
from cltk.build import Prepared, prepare
from cltk.experiment import Experiment
from cltk.record import Record
from cltk.runs.seeds import run_seeds
from cltk.runs.sinks import make_sinks

STRATEGIES = ("generative-replay", "experience-replay", "gdumb", "finetune", "joint")


def comparable(record: Record) -> dict[str, Any]:
    """All of a record but its timings."""
    return record.without_timings()


def run_all(prepared: Prepared, store: Path, resume: bool) -> int:
    """Runs an experiment as the command line does, with a checkpoint after every epoch; returns the exit status."""
    return run_seeds(prepared, store, make_sinks(None, {}, store), resume, checkpoint_every=0).exit_status


def start(prepared: Prepared, store: Path) -> multiprocessing.process.BaseProcess:
    """The same in a process of its own, which has all imports behind it."""
    process = multiprocessing.get_context("fork").Process(target=run_all, args=(prepared, store, False))
    process.start()
    return process


@pytest.fixture
def make_prepared(make_digits: Callable[..., Experiment], machine: Machine) -> Callable[[str], Prepared]:
    def make(strategy: str) -> Prepared:
        budget = {"epochs": 4, "min_steps": 0}
        slots: dict[str, Any] = {"strategy": {"name": strategy, "classifier": budget}}
        if strategy == "gaussian-mixture":
            slots["strategy"]["name"], slots["generator"] = "generative-replay", {"name": strategy, "components": 5}
        elif strategy == "generative-replay":
            slots["strategy"]["generator"] = budget
        else:
            slots["generator"] = None
        return prepare(make_digits(**slots), machine)

    return make
