"""A run that does not go on from an earlier one says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cltk.build import Prepared, prepare
from cltk.config import Experiment
from cltk.machine import Machine
from cltk.record import to_json, write_atomically
from cltk.runs.earlier import describe_earlier
from cltk.runs.recorder import new_record


@pytest.fixture
def prepared(digits: Experiment) -> Prepared:
    return prepare(digits, Machine(device="cpu", threads=1))


@pytest.fixture
def store(prepared: Prepared, tmp_path: Path) -> Path:
    record = new_record(prepared, prepared.assemble(0))
    write_atomically(tmp_path / record.run_id / "record.json", to_json(record))
    return tmp_path


def test_what_differs_is_named(prepared: Prepared, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cltk.build.CORE", "cltk-core 9.9.9")
    said = describe_earlier(replace(prepared, threads=4), 0, store)
    assert said is not None
    assert "cltk-core 0." in said
    assert "instead of cltk-core 9.9.9, 1 thread instead of 4 threads: it stays as it is" in said


def test_nothing_is_said_of_the_run_itself_or_of_others(prepared: Prepared, store: Path) -> None:
    assert describe_earlier(prepared, 0, store) is None
    assert describe_earlier(prepared, 1, store) is None
    assert describe_earlier(replace(prepared, threads=4), 1, store) is None
