"""Where runs are that go on, as a worker says it and whoever shows the study reads it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.api import Machine, run
from cltk.config import Settings
from cltk.events import EpochEnded, Event
from cltk.experiment import Experiment
from cltk.interfaces import Sink
from cltk.record import Record
from cltk_studies.work import positions
from cltk_studies.work.positions import Position, Positions

CELLS = '\n[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.002]\n'


class Reader(Sink):
    """Reads at each epoch what another sink of the run has written."""

    def __init__(self, source: Positions) -> None:
        super().__init__(Settings(), Path())
        self._source = source
        self.seen: list[Position] = []

    def observe(self, event: Event, record: Record) -> None:
        if isinstance(event, EpochEnded):
            self.seen += self._source.read()


def position(**changes: Any) -> Position:
    """Halfway through a run that has taken 10 s."""
    known: dict[str, Any] = {
        "item": "a", "task": 2, "tasks": 4, "epoch": 3, "epochs": 9, "share": 0.5, "seconds": 10.0, "process": {},
    }  # fmt: skip
    return Position(**known | {"at": time.time()} | changes)


def test_a_run_says_where_it_is_and_leaves_nothing(
    tmp_path: Path, machine: Machine, make_digits: Callable[..., Experiment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "_PERIOD", 0.0)
    source = Positions(tmp_path, "study")
    reader = Reader(source)
    with source.kept("a cell") as keeper:
        run(make_digits(), 0, tmp_path, machine, sinks=[keeper, reader])
    shares = [each.share for each in reader.seen]
    assert shares == sorted(shares)
    assert {(each.item, each.task, each.tasks) for each in reader.seen} == {("a cell", n, 5) for n in range(1, 6)}
    assert {(each.epoch, each.epochs) for each in reader.seen} == {(1, 1)}
    assert source.read() == []


def test_the_dead_are_nowhere(write: Callable[..., Path], store: Path, start: Callable[..., Any]) -> None:
    file = write(CELLS, epochs=5000)
    study = start("ablate", file, "--workers", 2, "--store", store, "--sink", "none")
    source = Positions(store, "small")
    seen: list[Position] = []

    def are_seen() -> bool:
        seen[:] = source.read()
        return len(seen) == 2

    study.wait_until(are_seen)
    assert {each.item for each in seen} <= {"lr=0.001", "lr=0.002"}
    assert {each.tasks for each in seen} == {5}
    study.kill()
    deadline = time.monotonic() + 30  # Workers hear of it, and take a moment to end.
    while source.read() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert source.read() == []


@pytest.mark.parametrize("text", ["", "{", '{"item": "a"}'])
def test_half_a_file_is_none(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "studies" / "study" / "running"
    folder.mkdir(parents=True)
    (folder / "host-1.json").write_text(text)
    assert Positions(tmp_path, "study").read() == []


def test_the_time_left_is_what_such_a_run_takes_until_this_one_says_more() -> None:
    assert position(share=0.0, seconds=0.0).seconds_left(None) is None
    assert position(share=0.0, seconds=0.0).seconds_left(30.0) == pytest.approx(30.0, abs=0.1)
    assert position().seconds_left(None) == pytest.approx(10.0, abs=0.1)
    assert position().seconds_left(40.0) == pytest.approx(15.0, abs=0.1)
    assert position(at=time.time() - 4).seconds_left(None) == pytest.approx(6.0, abs=0.1)
    assert position(at=time.time() - 60).seconds_left(None) == 0.0
