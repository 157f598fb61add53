"""The seeds of an experiment, trained side by side and kept as they are alone."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor

from cltk.build import Prepared, prepare
from cltk.config import Settings
from cltk.engine import EpochDue, Together
from cltk.errors import DivergenceError, StoreError
from cltk.events import EpochEnded, Event, ReplayShown
from cltk.experiment import Experiment
from cltk.interfaces import Sink
from cltk.machine import Machine
from cltk.record import Record
from cltk.record_file import read_record
from cltk.runs.folder import RunFolder
from cltk.runs.repeat import compare
from cltk.runs.runner import execute
from cltk.runs.seeds import Ending, run_seeds
from cltk.runs.sinks import Sinks

SEEDS = (0, 1, 2)
OWN_STEPS = {"name": "si", "classifier": {"epochs": 1, "min_steps": 0}}


class Presses(Sink):
    """Stands for a user who presses Ctrl-C at an epoch of one of the runs, once or more."""

    def __init__(self, times: int) -> None:
        super().__init__(Settings(), Path())
        self.left = times

    def observe(self, event: Event, record: Record) -> None:
        if isinstance(event, EpochEnded) and event.task == 2 and record.seed == 1:
            while self.left:
                self.left -= 1
                signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def prepared(make_digits: Callable[..., Experiment]) -> Prepared:
    return prepare(make_digits(seeds=SEEDS), Machine(device="cpu", threads=1))


@pytest.fixture(scope="module")
def alone(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Ending:
    return run_seeds(prepared, tmp_path_factory.mktemp("alone"), Sinks())


def train_together(prepared: Prepared, store: Path, sinks: Sinks | None = None, *, resume: bool = False) -> Ending:
    return run_seeds(prepared, store, sinks or Sinks(), resume, 0, together=True)


def assert_alike(ours: Ending, theirs: Ending) -> None:
    for one, other in zip(ours.records, theirs.records, strict=True):
        assert (one.run_id, one.status, one.warnings) == (other.run_id, other.status, other.warnings)
        assert [epoch.loss for epoch in one.losses] == pytest.approx([epoch.loss for epoch in other.losses], rel=0.01)
        assert (one.operations, one.replay, one.bytes) == (other.operations, other.replay, other.bytes)
        assert one.final_accuracy == pytest.approx(other.final_accuracy, abs=0.03)


def test_they_come_out_as_alone_but_for_rounding(prepared: Prepared, alone: Ending, tmp_path: Path) -> None:
    ending = train_together(prepared, tmp_path)
    assert_alike(ending, alone)
    assert ending.notices == []
    for record in ending.records:
        assert read_record(tmp_path / record.run_id / "record.json") == record


def test_a_record_says_that_it_was_not_alone(prepared: Prepared, alone: Ending, tmp_path: Path) -> None:
    ending = train_together(prepared, tmp_path)
    assert [record.environment.get("together") for record in ending.records] == ["3"] * 3
    assert all("together" not in record.environment for record in alone.records)
    differences = compare(alone.records[0], ending.records[0]).circumstances
    assert [(each.name, each.recorded, each.repeated) for each in differences] == [("environment.together", None, "3")]


@pytest.mark.parametrize("times", [1, 2])
def test_all_that_are_interrupted_go_on_later(prepared: Prepared, alone: Ending, tmp_path: Path, times: int) -> None:
    cut = train_together(prepared, tmp_path, Sinks({"presses": Presses(times)}))
    assert (cut.exit_status, [record.status for record in cut.records]) == (130, ["interrupted"] * 3)
    assert [len(record.tasks) for record in cut.records] == [2, 2, 2]
    assert all([*(tmp_path / record.run_id).glob("checkpoint-*-*")] for record in cut.records)
    assert_alike(train_together(prepared, tmp_path, resume=True), alone)


def test_an_interrupt_in_the_midst_of_an_epoch_ends_all(
    prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt("twice")

    monkeypatch.setattr(Together, "train", interrupt)
    ending = train_together(prepared, tmp_path)
    assert [(record.status, record.error) for record in ending.records] == [("interrupted", "twice")] * 3


def test_one_that_is_ahead_waits_for_the_others(prepared: Prepared, alone: Ending, tmp_path: Path) -> None:
    cut = execute(prepared, 1, tmp_path, Sinks({"presses": Presses(1)}), checkpoint_every=0)
    assert (cut.status, len(cut.tasks)) == ("interrupted", 2)
    ending = train_together(prepared, tmp_path, resume=True)
    assert [record.environment.get("together") for record in ending.records] == ["3"] * 3
    assert ending.notices == []
    assert_alike(ending, alone)


def test_one_that_is_finished_stays_as_it_is(prepared: Prepared, alone: Ending, tmp_path: Path) -> None:
    first = execute(prepared, 1, tmp_path)
    ending = train_together(prepared, tmp_path, resume=True)
    assert ending.records[1] == first
    assert [record.environment.get("together") for record in ending.records] == ["2", None, "2"]
    assert_alike(ending, alone)


def test_one_that_fails_leaves_the_others(prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train = EpochDue.train

    def diverging(self: EpochDue) -> Tensor:
        if self.streams.seed == 1:
            raise DivergenceError("the loss is nan", "Lower it.")
        return train(self)

    monkeypatch.setattr(EpochDue, "train", diverging)
    ending = train_together(prepared, tmp_path)
    assert [record.status for record in ending.records] == ["finished", "failed", "finished"]
    assert (ending.exit_status, ending.records[1].diverged) == (1, True)


def test_one_that_cannot_be_kept_ends_the_others_as_interrupted(
    prepared: Prepared, alone: Ending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, save, saved = signal.getsignal(signal.SIGINT), RunFolder.save_replay, list[RunFolder]()

    def full(self: RunFolder, event: ReplayShown) -> None:
        saved.append(self)
        if len(saved) == 5:  # The second task of the second seed.
            raise StoreError("The disk is full.", "Make room.")
        save(self, event)

    monkeypatch.setattr(RunFolder, "save_replay", full)
    with pytest.raises(StoreError, match="full") as caught:
        train_together(prepared, tmp_path)
    records = [read_record(tmp_path / record.run_id / "record.json") for record in alone.records]
    assert [record.status for record in records] == ["interrupted", "running", "interrupted"]
    assert [record.error for record in records] == ["Another seed could not go on.", None, records[0].error]
    assert signal.getsignal(signal.SIGINT) is handler, caught
    monkeypatch.undo()
    assert_alike(train_together(prepared, tmp_path, resume=True), alone)


def test_seconds_are_those_of_a_run_where_it_was_trained_alone(
    make_digits: Callable[..., Experiment], machine: Machine, tmp_path: Path
) -> None:
    ending = train_together(
        prepare(make_digits(strategy=OWN_STEPS, generator=None, seeds=[0, 1, 2]), machine), tmp_path
    )
    began = min((tmp_path / record.run_id / "experiment.toml").stat().st_mtime for record in ending.records)
    ended = max((tmp_path / record.run_id / "record.json").stat().st_mtime for record in ending.records)
    assert sum(record.seconds["total"] for record in ending.records) < ended - began + 0.1


def test_it_is_said_in_plain_words_what_is_trained_in_turn(
    make_digits: Callable[..., Experiment], machine: Machine, tmp_path: Path
) -> None:
    strategy = {"name": "gdumb", "cutmix": 1e-9, "classifier": {"epochs": 1}}
    prepared = prepare(make_digits(strategy=strategy, generator=None, seeds=[0, 1]), machine)
    reason = "its steps cannot be computed for several seeds at once"
    assert train_together(prepared, tmp_path).notices == [
        f"Not all was trained together: phase 'classifier' ({reason})."
    ]


@pytest.mark.parametrize(
    ("seeds", "notice"),
    [
        ([0, 1], "Not all was trained together: phase 'classifier' (its steps are its author's)."),
        ([3], "One seed has nothing to be trained together with: ask for several, such as --seeds 0..7."),
    ],
)
def test_it_is_said_where_nothing_is_trained_together(
    make_digits: Callable[..., Experiment], machine: Machine, tmp_path: Path, seeds: list[int], notice: str
) -> None:
    prepared = prepare(make_digits(strategy=OWN_STEPS, generator=None, seeds=seeds), machine)
    assert train_together(prepared, tmp_path).notices == [notice]
    if len(seeds) > 1:  # Nothing is left to train.
        assert train_together(prepared, tmp_path, resume=True).notices == []
