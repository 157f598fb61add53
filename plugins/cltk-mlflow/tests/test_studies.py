"""Studies in MLflow, through calls about groups alone, and their records read back on another machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.interfaces import RunGroup
from cltk.record import Record
from cltk.runs.summary import summarise
from cltk_mlflow.receipts import read_receipt
from cltk_mlflow.records import MlflowRecords
from cltk_mlflow.server import TrackingServer
from cltk_mlflow.studies import CELL_TAG, RECORDS, STATUS_TAG, STUDY_TAG
from cltk_mlflow.tracker import RunTracker

# SQLAlchemy 2.1 warns of what MLflow's tables use.
pytestmark = pytest.mark.filterwarnings("ignore:The ..noload.. loader strategy:DeprecationWarning")

SEEDS = (0, 1)


class Telling:
    """A tracker that is told of a study of two cells with two seeds each."""

    def __init__(self, server: TrackingServer, store: Path, name: str, make_record: Callable[..., Record]) -> None:
        self.study = RunGroup("study", name, "a comparison", seeds=SEEDS, definition={"name": name})
        self.cells = {
            config_hash: RunGroup("cell", f"cell {config_hash}", config_hash=config_hash, seeds=SEEDS, parent=name)
            for config_hash in ("aaaaaaaaaaaa", "bbbbbbbbbbbb")
        }
        self.records = {
            (config_hash, seed): make_record(seed, config_hash=config_hash, run_id=f"{config_hash}-seed{seed}")
            for config_hash in self.cells
            for seed in SEEDS
        }
        self.tracker = RunTracker(store, server.uri)
        for group in (self.study, *self.cells.values()):
            self.tracker.begin_group(group)

    def finish(self, files: Path | None = None, *, without: tuple[str, int] | None = None) -> None:
        records = {run: record for run, record in self.records.items() if run != without}
        for config_hash, cell in self.cells.items():
            inside = [record for (other, _), record in records.items() if other == config_hash]
            self.tracker.finish_group(cell, inside, summarise(inside), None)
        self.tracker.finish_group(self.study, list(records.values()), {}, files)


@pytest.fixture
def make_telling(server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path) -> Callable[..., Telling]:
    def make(name: str, **changes: Any) -> Telling:
        return Telling(server, tmp_path, name, lambda seed, **values: make_record(seed, **(values | changes)))

    return make


def runs_of(server: TrackingServer, name: str) -> tuple[Any, dict[str, Any]]:
    """The parent of a study, and the run of each cell by its configuration hash."""
    experiment = server.client.get_experiment_by_name(name)
    runs = server.client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if run.data.tags["kind"] == "study"]
    cells = [run for run in runs if run.data.tags["kind"] == "cell"]
    seeds = [run for run in runs if run.data.tags["kind"] == "run"]
    assert len(runs) == 1 + len(cells) + len(seeds)
    assert len(cells) == len({run.data.tags[CELL_TAG] for run in cells})
    by_id = {run.info.run_id: run for run in cells}
    assert all(by_id[run.data.tags["mlflow.parentRunId"]].data.tags["cell"] == run.data.tags["cell"] for run in seeds)
    return parent, {run.data.tags[CELL_TAG]: run for run in cells}


def test_commands_that_work_on_one_study_make_each_run_once(
    server: TrackingServer, make_telling: Callable[..., Telling]
) -> None:
    """Both begin before either has written a run, and hear of all runs at the end."""
    first, second = make_telling("shared"), make_telling("shared")
    first.finish()
    second.finish()
    _, cells = runs_of(server, "shared")
    experiment = server.client.get_experiment_by_name("shared")
    seeds = server.client.search_runs([experiment.experiment_id], "tags.kind = 'run'")
    assert len(cells) == 2
    assert sorted(run.data.tags["cltk.run_id"] for run in seeds) == sorted(
        record.run_id for record in first.records.values()
    )


def test_a_run_that_was_cut_off_while_it_was_written_is_made_anew(
    server: TrackingServer, make_telling: Callable[..., Telling]
) -> None:
    make_telling("cut-off").finish()
    experiment = server.client.get_experiment_by_name("cut-off")
    before, *_ = server.client.search_runs([experiment.experiment_id], "tags.kind = 'run'")
    server.client.delete_tag(before.info.run_id, STATUS_TAG)  # It is written last.
    make_telling("cut-off").finish()
    after = server.client.search_runs([experiment.experiment_id], "tags.kind = 'run'")
    assert len(after) == 4
    assert before.info.run_id not in {run.info.run_id for run in after}
    assert all(STATUS_TAG in run.data.tags for run in after)


def test_a_cell_is_a_run_with_its_seeds_averaged_inside(
    server: TrackingServer, make_telling: Callable[..., Telling], tmp_path: Path
) -> None:
    telling = make_telling("averaged")
    (tmp_path / "aaaaaaaaaaaa-seed0").mkdir()
    for record in telling.records.values():
        telling.tracker.finish(record)
    _, cells = runs_of(server, "averaged")
    assert "average-accuracy" in cells["aaaaaaaaaaaa"].data.metrics  # While the study goes on.
    telling.finish()
    parent, cells = runs_of(server, "averaged")
    assert {run.info.status for run in (parent, *cells.values())} == {"FINISHED"}
    for config_hash, run in cells.items():
        records = [telling.records[config_hash, seed] for seed in SEEDS]
        mean = sum(record.metrics["average-accuracy"] for record in records) / 2
        assert run.data.metrics["average-accuracy"] == pytest.approx(mean)
        assert {"average-accuracy.ci95", "seconds/total", "bytes/total", "accuracy/task_1"} <= set(run.data.metrics)
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.params["generator.hidden"] == "[512, 256]"
        files = {file.path.rpartition("/")[2] for file in server.client.list_artifacts(run.info.run_id, RECORDS)}
        assert files == {f"{record.run_id}.json" for record in records}
    receipt = read_receipt(tmp_path / "aaaaaaaaaaaa-seed0")
    assert receipt is not None
    assert receipt.complete


def test_the_report_is_kept_with_the_parent(
    server: TrackingServer, make_telling: Callable[..., Telling], tmp_path: Path
) -> None:
    report = tmp_path / "report"
    (report / "figures").mkdir(parents=True)
    (report / "report.md").write_text("# What it says")
    (report / "figures" / "matrix.png").write_bytes(b"")
    make_telling("reported").finish(report)
    parent, _ = runs_of(server, "reported")
    assert parent.data.tags["mlflow.note.content"] == "# What it says"
    assert parent.data.metrics == {"runs/finished": 4.0, "runs/total": 4.0}
    files = {file.path for file in server.client.list_artifacts(parent.info.run_id)}
    assert files == {"study.json", "report.md", "figures"}


@pytest.mark.parametrize(("status", "shown"), [("failed", "FAILED"), ("interrupted", "KILLED"), ("running", "KILLED")])
def test_a_study_with_a_run_that_ended_badly_says_so(
    server: TrackingServer, make_telling: Callable[..., Telling], status: str, shown: str
) -> None:
    telling = make_telling(f"badly-{status}")
    telling.records["bbbbbbbbbbbb", 1] = telling.records["bbbbbbbbbbbb", 1].model_copy(update={"status": status})
    telling.finish()
    parent, cells = runs_of(server, f"badly-{status}")
    assert (parent.info.status, cells["aaaaaaaaaaaa"].info.status) == (shown, "FINISHED")
    assert cells["bbbbbbbbbbbb"].info.status == shown


def test_another_machine_writes_to_the_same_runs(server: TrackingServer, make_telling: Callable[..., Telling]) -> None:
    here, elsewhere = make_telling("shared"), make_telling("shared")
    for number, record in enumerate(here.records.values()):
        (here if number % 2 else elsewhere).tracker.finish(record)
    here.finish()
    _, cells = runs_of(server, "shared")
    assert [len(server.client.list_artifacts(run.info.run_id, RECORDS)) for run in cells.values()] == [2, 2]


def test_records_are_read_back(server: TrackingServer, make_telling: Callable[..., Telling], tmp_path: Path) -> None:
    telling = make_telling("read-back")
    telling.finish(without=("bbbbbbbbbbbb", 1))
    source = MlflowRecords(MlflowRecords.Config(tracking_uri=server.uri), tmp_path / "elsewhere")
    assert source.study("read-back") == {"name": "read-back"}
    wanted = {("aaaaaaaaaaaa", 1), ("bbbbbbbbbbbb", 1), ("cccccccccccc", 0)}
    assert source.records("read-back", wanted) == [telling.records["aaaaaaaaaaaa", 1]]
    assert source.study("unknown") is None
    assert source.records("unknown", wanted) == []


def test_records_that_an_earlier_version_filed_are_read_back(
    server: TrackingServer, make_telling: Callable[..., Telling], tmp_path: Path
) -> None:
    """It computed the hash of a configuration with its metrics."""
    telling = make_telling("filed-before")
    telling.finish()
    for run in runs_of(server, "filed-before")[1].values():
        server.client.set_tag(run.info.run_id, CELL_TAG, f"before-{run.data.tags[CELL_TAG]}")
    source = MlflowRecords(MlflowRecords.Config(tracking_uri=server.uri), tmp_path / "elsewhere")
    wanted = {("aaaaaaaaaaaa", 1)}
    assert source.records("filed-before", wanted) == [telling.records["aaaaaaaaaaaa", 1]]


def test_a_study_of_an_earlier_version_is_found(server: TrackingServer, tmp_path: Path) -> None:
    """Under the tags that it was given."""
    experiment = server.client.create_experiment("before", f"file://{tmp_path}/artifacts")
    tags = {STUDY_TAG: "before", "kind": "study"}
    run = server.client.create_run(experiment, tags=tags)
    server.client.log_text(run.info.run_id, json.dumps({"schema": "cltk.study/1"}), "study.json")
    source = MlflowRecords(MlflowRecords.Config(tracking_uri=server.uri), tmp_path)
    assert source.study("before") == {"schema": "cltk.study/1"}


def test_every_seed_is_a_run_below_its_cell(
    server: TrackingServer, make_telling: Callable[..., Telling], tmp_path: Path
) -> None:
    telling = make_telling("seeds")
    for record in telling.records.values():
        telling.tracker.finish(record)
    telling.finish()
    make_telling("seeds").finish()  # Told again, it makes no second run.
    experiment = server.client.get_experiment_by_name("seeds")
    assert experiment.tags["mlflow.note.content"].startswith("a comparison\n\n")
    runs = server.client.search_runs([experiment.experiment_id], "tags.kind = 'run'")
    assert {run.data.tags["cltk.run_id"] for run in runs} == {record.run_id for record in telling.records.values()}
    assert len(runs) == 4
    for run in runs:
        record = telling.records[run.data.tags[CELL_TAG], int(run.data.tags["seed"])]
        assert run.data.metrics["average-accuracy"] == record.metrics["average-accuracy"]
        assert run.data.params["generator.hidden"] == "[512, 256]"
        assert run.info.end_time - run.info.start_time == pytest.approx(1000 * record.seconds["total"], abs=2)
        (given,) = run.inputs.dataset_inputs
        assert given.dataset.name == record.config["scenario"]["name"]
        assert json.loads(given.dataset.profile)["classes"] == record.classes


def test_a_study_lasts_from_when_it_began_until_it_ended(server: TrackingServer, tmp_path: Path) -> None:
    """Not from when the process that writes it, which is slow to start, has heard of it."""
    study = RunGroup("study", "timed", definition={"name": "timed"})
    tracker = RunTracker(tmp_path, server.uri)
    tracker.begin_group(study, 1_000.0)
    tracker.finish_group(study, [], {}, None, 1_060.0)
    parent, _ = runs_of(server, "timed")
    assert (parent.info.start_time, parent.info.end_time) == (1_000_000, 1_060_000)


def test_a_failed_seed_that_is_run_again_is_replaced(
    server: TrackingServer, make_telling: Callable[..., Telling]
) -> None:
    first = make_telling("again")
    first.records["bbbbbbbbbbbb", 1] = first.records["bbbbbbbbbbbb", 1].model_copy(update={"status": "failed"})
    first.finish()
    make_telling("again").finish()
    experiment = server.client.get_experiment_by_name("again")
    runs = server.client.search_runs([experiment.experiment_id], "tags.kind = 'run'")
    assert [run.info.status for run in runs] == ["FINISHED"] * 4
