"""Any metric of any record, without running it again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cltk.build import prepare
from cltk.config import Overrides, Settings
from cltk.errors import ConfigError
from cltk.interfaces import GroupMetric, History, Metric
from cltk.machine import Machine
from cltk.record import Record
from cltk.record_file import read_record
from cltk.runs.measuring import Measured, load_metrics, measure, measure_group
from cltk.runs.reading import find_record, find_records, finished_runs, read_records
from cltk.runs.runner import execute

DATA = Path(__file__).parent.parent / "data"
SEEDS = (0, 1)


class RightClasses(Metric):
    """Source: none; a test."""

    def value(self, history: History) -> float:
        matrix = history.confusion[-1]
        return sum(row[label] for label, row in enumerate(matrix)) / sum(map(sum, matrix))


class Broken(Metric):
    """Source: none; a test."""

    def value(self, history: History) -> float:
        raise KeyError("no such thing")


class Undefined(Metric):
    """Source: none; a test."""

    def value(self, history: History) -> float:
        return float("nan")


class Seconds(Metric):
    """Source: none; a test."""

    def value(self, history: History) -> float:
        return sum(task["total"] for task in history.seconds)


class Advantage(GroupMetric):
    """Source: none; a test."""

    def __init__(self, config: Settings, strategy: str = "finetune") -> None:
        super().__init__(config)
        self._strategy = strategy

    def references(self, config: Mapping[str, Any]) -> Mapping[str, Overrides]:
        return {"other": {"strategy": {"name": self._strategy, "classifier": config["strategy"]["classifier"]}}}

    def value(self, records: Sequence[Record], references: Mapping[str, Sequence[Record]]) -> float:
        assert [record.seed for record in records] == sorted(record.seed for record in records)
        return sum(r.final_accuracy for r in records) - sum(r.final_accuracy for r in references["other"])


PLAIN = Metric.Config()


@pytest.fixture(scope="module")
def store(make_digits: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generative replay and finetuning with two seeds each."""
    store = tmp_path_factory.mktemp("runs")
    machine = Machine(device="cpu", threads=1)
    scenario = {"name": "split-digits", "per_class": 20}
    budget = {"epochs": 1, "min_steps": 0}
    for experiment in (
        make_digits(scenario=scenario),
        make_digits(scenario=scenario, strategy={"name": "finetune", "classifier": budget}, generator=None),
    ):
        for seed in SEEDS:
            execute(prepare(experiment, machine), seed, store)
    return store


@pytest.fixture
def records(store: Path) -> list[Record]:
    return read_records(store)[0]


class TestOneRun:
    def test_a_metric_that_the_run_did_not_know_has_a_value(self, records: list[Record]) -> None:
        values = measure(records[0], {"right": RightClasses(PLAIN), "seconds": Seconds(PLAIN)})
        assert values["right"].value == pytest.approx(records[0].final_accuracy, abs=0.02)
        assert values["seconds"].value == pytest.approx(records[0].seconds["total"])

    def test_those_that_it_knew_have_the_same_value_again(self, records: list[Record]) -> None:
        again = measure(records[0], load_metrics())
        assert {name: result.value for name, result in again.items()} == records[0].metrics

    def test_why_there_is_no_value_is_said(self, records: list[Record]) -> None:
        values = measure(records[0], {"broken": Broken(PLAIN), "undefined": Undefined(PLAIN)})
        assert values["broken"] == Measured(None, "failed: KeyError: 'no such thing'", failed=True)
        assert values["undefined"] == Measured(None, "undefined for what was measured")

    def test_a_record_of_version_1_gives_what_it_holds(self) -> None:
        record = read_record(DATA / "finetune-v1.json")
        metrics = load_metrics(["learning-accuracy", "operations", "diaz-ce", "samples-replayed"])
        values = measure(record, metrics | {"right": RightClasses(PLAIN)})
        assert values["operations"].value == sum(record.operations)
        assert values["learning-accuracy"].value == pytest.approx(0.9857, abs=1e-4)
        assert values["samples-replayed"].value == 0
        assert values["diaz-ce"].value == record.metrics["diaz-ce"]
        assert values["right"].reason == "not in a record of version 1: confusion"

    def test_a_stored_value_of_other_settings_does_not_stand_in(self) -> None:
        record = read_record(DATA / "finetune-v1.json")
        (metric,) = load_metrics(["diaz-ce"]).values()
        metric.config = metric.config.model_copy(update={"epsilon": 5.0})
        assert measure(record, {"diaz-ce": metric})["diaz-ce"].value is None


class TestSeveralRuns:
    def test_references_are_found_by_their_hash(self, records: list[Record]) -> None:
        find = partial(finished_runs, records)
        replay = find(records[0].config_hash)
        assert [record.seed for record in replay] == [0, 1]
        measured = measure_group(list(reversed(replay)), Advantage(PLAIN), find)
        others = [record for record in records if record.config["strategy"]["name"] == "finetune"]
        expected = sum(r.final_accuracy for r in replay) - sum(r.final_accuracy for r in others)
        assert measured.value == pytest.approx(expected)

    def test_those_of_the_same_seeds_count(self, records: list[Record]) -> None:
        find = partial(finished_runs, records)
        (second,) = (record for record in find(records[0].config_hash) if record.seed == 1)
        (other,) = (r for r in records if r.config["strategy"]["name"] == "finetune" and r.seed == 1)
        measured = measure_group([second], Advantage(PLAIN), find)
        assert measured.value == pytest.approx(second.final_accuracy - other.final_accuracy)
        elsewhere = [record.model_copy(update={"seed": 7}) for record in find(records[0].config_hash)]
        assert measure_group(elsewhere, Advantage(PLAIN), find).value is not None

    def test_one_that_is_missing_is_named(self, records: list[Record]) -> None:
        find = partial(finished_runs, records)
        measured = measure_group(records[:2], Advantage(PLAIN, "joint"), find)
        assert measured == Measured(None, "no finished run of its reference 'other' is in the store")
        assert measure_group([], Advantage(PLAIN), find).reason == "no run is finished"

    def test_one_that_cannot_be_resolved_is_named(self, records: list[Record]) -> None:
        measured = measure_group(records[:2], Advantage(PLAIN, "nothing"), partial(finished_runs, records))
        assert "There is no strategy 'nothing'" in measured.reason


class TestReading:
    def test_a_folder_that_is_broken_is_named_and_left_out(self, store: Path, tmp_path: Path) -> None:
        copy = Path(shutil.copytree(store, tmp_path / "runs"))
        first, second, *_ = sorted(copy.iterdir())
        (first / "record.json").write_text("{")
        second.rename(copy / "elsewhere")
        records, problems = read_records(copy)
        assert len(records) == 2
        assert len(problems) == 2
        assert any(first.name in problem for problem in problems)
        assert any("record of another run" in problem for problem in problems)

    @pytest.mark.parametrize(
        "make",
        [
            lambda path: path.symlink_to(path),
            lambda path: path.symlink_to(path.with_name("nowhere")),
            lambda path: path.mkdir(),
            os.mkfifo,
        ],
        ids=["loop", "dangling link", "folder", "pipe"],
    )
    def test_a_record_that_is_no_file_is_named(
        self, make: Callable[[Path], None], records: list[Record], store: Path, tmp_path: Path
    ) -> None:
        shutil.copytree(store / records[0].run_id, tmp_path / records[0].run_id)
        (tmp_path / "broken").mkdir()
        make(tmp_path / "broken" / "record.json")
        read, problems = read_records(tmp_path)
        assert (read, len(problems), "broken/record.json" in problems[0]) == ([records[0]], 1, True)

    def test_the_beginning_of_an_id_is_enough_where_it_is_one_runs(
        self, records: list[Record], store: Path, tmp_path: Path
    ) -> None:
        run_id = records[0].run_id
        assert find_record(store, run_id) == records[0]
        shutil.copytree(store / run_id, tmp_path / run_id)
        assert find_record(tmp_path, run_id[: len("run-") + 6]) == records[0]
        with pytest.raises(ConfigError, match="2 runs begin with"):
            find_record(store, run_id.removesuffix("-seed0"))
        with pytest.raises(ConfigError, match="There is no run ''"):
            find_record(store, "")

    def test_a_beginning_that_the_seeds_of_one_experiment_share_is_that_of_all(
        self, records: list[Record], store: Path
    ) -> None:
        assert find_records(store, [records[1].run_id]) == [records[1]]
        assert find_records(store, [records[0].run_id.removesuffix("-seed0")]) == records[:2]
        with pytest.raises(ConfigError, match="4 runs begin with 'run-', of several experiments"):
            find_records(store, ["run-"])

    def test_the_last_finished_run_of_a_seed_counts(self, records: list[Record]) -> None:
        cut_off = records[0].model_copy(update={"status": "interrupted", "run_id": "later"})
        again = records[0].model_copy(update={"run_id": "again"})
        assert finished_runs([records[0], again, cut_off], records[0].config_hash) == [again]

    def test_records_of_version_1_are_found_by_both_hashes(self, tmp_path: Path) -> None:
        record = read_record(DATA / "replay-v1.json")
        folder = tmp_path / record.run_id
        folder.mkdir()
        shutil.copy(DATA / "replay-v1.json", folder / "record.json")
        assert record.recorded_hash is not None
        for config_hash in (record.config_hash, record.recorded_hash):
            assert read_records(tmp_path, {config_hash})[0] == [record]
        assert read_records(tmp_path, {"another"}) == ([], [])


def test_a_run_that_learned_nothing_has_no_value(records: list[Record]) -> None:
    cut_off = records[0].model_copy(update={"tasks": [], "status": "interrupted"})
    assert measure(cut_off, {"right": RightClasses(PLAIN)}) == {"right": Measured(None, "no task was learned")}
