"""A run that does not go on from an earlier one says why."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from cltk.build import Prepared, prepare
from cltk.events import Event, TaskEnded
from cltk.experiment import Experiment
from cltk.files import write_atomically
from cltk.machine import Machine
from cltk.record import Record
from cltk.record_file import to_json
from cltk.runs.earlier import describe_earlier
from cltk.runs.recorder import new_record
from cltk.runs.runner import execute
from tests.observers import calling


@pytest.fixture
def prepared(digits: Experiment) -> Prepared:
    return prepare(digits, Machine(device="cpu", threads=1))


@pytest.fixture
def store(prepared: Prepared, tmp_path: Path) -> Path:
    record = new_record(prepared, prepared.assemble(0))
    write_atomically(tmp_path / record.run_id / "record.json", to_json(record))
    return tmp_path


def test_what_differs_is_named(prepared: Prepared, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cltk.resolve.CORE", "cltk-core 9.9.9")
    said = describe_earlier(replace(prepared, threads=4), 0, store)
    assert said is not None
    assert "cltk-core 0." in said
    assert "instead of cltk-core 9.9.9, 1 thread instead of 4 threads: it stays as it is" in said


def test_nothing_is_said_of_the_run_itself_or_of_others(prepared: Prepared, store: Path) -> None:
    assert describe_earlier(prepared, 0, store) is None
    assert describe_earlier(prepared, 1, store) is None
    assert describe_earlier(replace(prepared, threads=4), 1, store) is None


def test_an_edit_in_place_is_said_of_the_run_itself(
    prepared: Prepared, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cltk.resolve.digest_of", lambda module: "edited" if module.startswith("cltk_mlp") else "")
    said = describe_earlier(prepared, 0, store)
    assert said is not None
    assert prepared.plugins["classifier"] in said
    assert "--restart" in said


def test_a_run_that_goes_on_with_edited_code_says_so(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(event: Event, record: Record) -> None:
        if isinstance(event, TaskEnded):
            signal.raise_signal(signal.SIGINT)

    assert execute(prepared, 0, tmp_path, calling(interrupt)).status == "interrupted"
    monkeypatch.setattr("cltk.resolve.digest_of", lambda module: "edited" if module.startswith("cltk_mlp") else "")
    record = execute(prepared, 0, tmp_path, resume=True)
    assert record.finished
    assert any(f"{prepared.plugins['classifier']} was edited in place" in warning for warning in record.warnings)
