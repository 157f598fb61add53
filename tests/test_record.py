"""Records: what they hold, how they are read again, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cltk.build import Prepared, prepare
from cltk.errors import NotRecordedError, StoreError
from cltk.experiment import Experiment
from cltk.files import write_atomically
from cltk.interfaces import History
from cltk.machine import Machine
from cltk.record import Record
from cltk.record_file import read_record, to_json
from cltk.runs.runner import execute

OLD = sorted((Path(__file__).parent / "data").glob("*-v1.json"))


@pytest.fixture(scope="module")
def prepared(make_digits: Any) -> Prepared:
    return prepare(make_digits(), Machine(device="cpu", threads=1))


@pytest.fixture(scope="module")
def record(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Record:
    return execute(prepared, 0, tmp_path_factory.mktemp("runs"))


def written(entries: dict[str, Any], path: Path) -> Path:
    """A file with these entries, whose last one is the checksum over all before it."""
    before = json.dumps(entries | {"sha256": ""}).removesuffix('""}')
    path.write_text(f'{before}"{hashlib.sha256(before.encode()).hexdigest()}"\n}}\n')
    return path


class TestTasks:
    def test_the_confusion_matrix_says_what_accuracy_says(self, prepared: Prepared, record: Record) -> None:
        for index, task in enumerate(record.tasks):
            assert task.confusion is not None
            for earlier, own in enumerate(prepared.tasks[: index + 1]):
                rows = [task.confusion[label] for label in own.classes]
                assert sum(map(sum, rows)) == len(own.test)
                right = sum(row[label] for row, label in zip(rows, own.classes, strict=True))
                assert right / len(own.test) == task.accuracy[earlier]
            later = {label for other in prepared.tasks[index + 1 :] for label in other.classes}
            assert not any(any(task.confusion[label]) for label in later)

    def test_knowing_the_task_never_makes_it_worse(self, record: Record) -> None:
        for task in record.tasks:
            assert task.task_aware is not None
            assert all(aware >= plain for aware, plain in zip(task.task_aware, task.accuracy, strict=True))
        assert record.tasks[-1].task_aware != record.tasks[-1].accuracy

    def test_in_the_task_setting_both_are_the_same(self, make_digits: Any, machine: Machine, tmp_path: Path) -> None:
        experiment = make_digits(
            scenario={"name": "split-digits", "setting": "task", "per_class": 20}, strategy="finetune", generator=None
        )
        record = execute(prepare(experiment, machine), 0, tmp_path)
        assert record.untrained == record.untrained_task_aware
        assert all(task.accuracy == task.task_aware for task in record.tasks)
        confusion = record.tasks[-1].confusion
        assert confusion is not None
        assert confusion[0][2:] == [0] * 8

    def test_each_has_its_cost(self, record: Record) -> None:
        assert record.seconds == pytest.approx(
            {name: sum(task.seconds[name] for task in record.tasks if task.seconds) for name in record.seconds}
        )
        assert all(task.seconds and set(task.seconds) == {"classifier", "generator", "total"} for task in record.tasks)
        assert record.replay.counts == [task.replayed for task in record.tasks]
        assert len(record.replay.coverage) == 5
        assert record.data_bytes == sum(record.samples) * (64 + 8)

    def test_the_validation_part_is_what_is_counted_while_it_is_evaluated(
        self, make_digits: Any, machine: Machine, tmp_path: Path
    ) -> None:
        scenario = {"name": "split-digits", "validation": 0.1, "per_class": 30}
        changes = {"strategy": "finetune", "generator": None, "evaluate": "validation"}
        prepared = prepare(make_digits(scenario=scenario, **changes), machine)
        last = execute(prepared, 0, tmp_path).tasks[-1]
        assert last.confusion is not None
        assert sum(map(sum, last.confusion)) == sum(len(task.validation) for task in prepared.tasks)


class TestIdentity:
    def test_metrics_take_no_part_in_it(self, prepared: Prepared, make_digits: Any, machine: Machine) -> None:
        from cltk.runs.recorder import run_id

        other = prepare(make_digits(metrics=["diaz-bwt"]), machine)
        assert other.config_hash == prepared.config_hash
        assert run_id(other, 0) == run_id(prepared, 0)
        assert not [name for name in other.plugins if "metric" in name]

    def test_the_core_does(self, prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
        from cltk.runs.recorder import run_id

        before = run_id(prepared, 0)
        assert prepared.plugins["core"].startswith("cltk-core ")
        monkeypatch.setattr("cltk.resolve.CORE", "cltk-core 0.0.1")
        assert run_id(prepared, 0) != before

    def test_preparing_another_experiment_changes_nothing(self, digits: Experiment) -> None:
        from cltk.runs.recorder import run_id

        one = prepare(digits, Machine(device="cpu", threads=1))
        before = run_id(one, 0)
        other = prepare(digits, Machine(device="cpu", threads=2))
        assert run_id(one, 0) == before != run_id(other, 0)


class TestFile:
    def test_it_is_read_as_it_was_written(self, record: Record, tmp_path: Path) -> None:
        write_atomically(tmp_path / "record.json", to_json(record))
        assert read_record(tmp_path / "record.json") == record

    def test_one_of_a_newer_version_is_refused(self, record: Record, tmp_path: Path) -> None:
        path = written(record.to_dict() | {"schema": "cltk.run/3", "more": 1}, tmp_path / "record.json")
        with pytest.raises(StoreError, match=r"written by a newer cltk.*cltk\.run/3"):
            read_record(path)

    @pytest.mark.parametrize(
        "change",
        [
            {"config": {"name": "../../../x"}},
            {"config": {"scenario": 3}},
            {"run_id": "../elsewhere"},
            {"seconds": {"total": -1e18}},
            {"metrics": {"": 1.0}},
            {"metrics": {"a" * 400: 1.0}},
            {"untrained": [0.5]},
            {"untrained": [1e308] * 5},
        ],
    )
    def test_what_no_run_leaves_behind_is_refused(self, record: Record, tmp_path: Path, change: dict[str, Any]) -> None:
        path = written(record.to_dict() | change, tmp_path / "record.json")
        with pytest.raises(StoreError, match="altered"):
            read_record(path)

    def test_control_characters_are_spelt_out(self, record: Record, tmp_path: Path) -> None:
        """A terminal obeys some: one who shows a record of somebody else's would see what that one wants."""
        changes = {"warnings": ["\x1b[2J\x9b31m\x07\x7f\rtwo\n\tlines"], "environment": {"\x1b]0;me\x07": "\b"}}
        entries = json.dumps(record.to_dict() | changes)
        found = read_record(written(json.loads(entries), tmp_path / "record.json"))
        assert found.warnings == [r"\x1b[2J\x9b31m\x07\x7f\x0dtwo" + "\n\tlines"]
        assert found.environment == {r"\x1b]0;me\x07": r"\x08"}

    def test_others_may_read_what_the_umask_lets_them(self, tmp_path: Path) -> None:
        before = os.umask(0o022)
        try:
            write_atomically(tmp_path / "a", b"")
            assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644
            os.umask(0o007)
            write_atomically(tmp_path / "b", b"")
            assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o660
        finally:
            os.umask(before)

    def test_its_short_form_says_which_run_it_is_and_how_far_it_came(self, record: Record) -> None:
        assert repr(record) == f"<Record {record.run_id}: finished, 5 of 5 tasks>"

    def test_a_field_that_is_not_known_is_refused(self, record: Record) -> None:
        with pytest.raises(ValidationError):
            Record.model_validate(record.to_dict() | {"colour": "red"})


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
class TestVersion1:
    def test_it_keeps_the_values_that_it_stores(self, path: Path) -> None:
        stored, record = json.loads(path.read_bytes()), read_record(path)
        assert record.metrics == stored["metrics"]
        assert record.curves == stored["curves"]
        assert record.accuracy == stored["accuracy"]
        assert record.operations == stored["operations"]
        assert record.replay.counts == stored["replay"]["counts"]
        assert record.seconds == stored["seconds"]
        assert record.recorded_hash == stored["config_hash"] != record.config_hash

    def test_what_it_lacks_says_so(self, path: Path) -> None:
        history = History.of(read_record(path))
        assert history.tasks == 5
        assert history.operations
        assert history.until(2).tasks == 2
        for column in ("task_aware", "confusion", "model_bytes", "buffer_bytes", "single_pass", "seconds"):
            with pytest.raises(NotRecordedError, match="not in a record of version 1"):
                getattr(history, column)
        assert "confusion=None" in repr(history)

    @pytest.mark.parametrize("damage", ["cut", "altered"])
    def test_damage_is_noticed(self, path: Path, tmp_path: Path, damage: str) -> None:
        copy = Path(shutil.copy(path, tmp_path))
        content = copy.read_bytes()
        copy.write_bytes(content[:-1] if damage == "cut" else content.replace(b'"seed": 0', b'"seed": 1'))
        with pytest.raises(StoreError, match="incomplete or was altered"):
            read_record(copy)

    def test_it_is_of_this_version_when_it_is_written_again(self, path: Path, tmp_path: Path) -> None:
        record = read_record(path)
        write_atomically(tmp_path / "again.json", to_json(record))
        assert read_record(tmp_path / "again.json") == record
