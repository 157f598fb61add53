"""Runs and groups of runs in MLflow, as they are written in the background process."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cltk.errors import StoreError
from cltk.interfaces import RunGroup
from cltk.record import Record
from cltk.record_file import read_record, to_json
from cltk_mlflow.experiment import MlflowExperiment
from cltk_mlflow.receipts import Receipt, read_receipt
from cltk_mlflow.server import TrackingServer
from cltk_mlflow.tracker import RunTracker

# SQLAlchemy 2.1 warns of what MLflow's tables use.
pytestmark = pytest.mark.filterwarnings("ignore:The ..noload.. loader strategy:DeprecationWarning")


def seeds_group(*seeds: int) -> RunGroup:
    return RunGroup("seeds", "replay-cost", config_hash="3f9a2c41d0be", seeds=seeds)


def open_tracker(server: TrackingServer, store: Path, seeds: Sequence[int] = (0,)) -> RunTracker:
    tracker = RunTracker(store, server.uri)
    tracker.begin_group(seeds_group(*seeds))
    return tracker


def write(store: Path, record: Record) -> Path:
    """The folder of a run, with its record alone."""
    folder = store / record.run_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_bytes(to_json(record))
    return folder


def before_training(record: Record) -> Record:
    return record.model_copy(update={"tasks": []})


def track(server: TrackingServer, record: Record, store: Path, tracker: RunTracker | None = None) -> str:
    """Tracks a run as it happens; returns MLflow's id."""
    tracker = tracker or open_tracker(server, store)
    run_id = tracker.start(before_training(record), time.time())
    for learned in range(1, len(record.tasks) + 1):
        tracker.log_task(record, learned)
    tracker.finish(record)
    return run_id


def upload(server: TrackingServer, record: Record, store: Path) -> Receipt:
    """Uploads a run that has ended, unless it is in MLflow."""
    open_tracker(server, store).finish(record)
    receipt = read_receipt(store / record.run_id)
    assert receipt is not None
    return receipt


def runs_of(server: TrackingServer, record: Record) -> list[Any]:
    experiments = [experiment.experiment_id for experiment in server.client.search_experiments()]
    return list(server.client.search_runs(experiments, f"tags.`cltk.run_id` = '{record.run_id}'"))


def artifacts_of(server: TrackingServer, run_id: str) -> set[str]:
    found: set[str] = set()
    for item in server.client.list_artifacts(run_id):
        inside = server.client.list_artifacts(run_id, item.path) if item.is_dir else [item]
        found |= {inner.path for inner in inside}
    return found


def test_a_run_is_found_by_its_name_tags_and_parameters(
    server: TrackingServer, record: Record, run_folder: Path
) -> None:
    run = server.client.get_run(track(server, record, run_folder.parent))
    assert run.info.run_name == "seed 0 · vae · linear · generative-replay"
    assert run.info.status == "FINISHED"
    expected = {"strategy": "generative-replay", "scenario": "split-mnist", "seed": "0", "config_hash": "3f9a2c41d0be"}
    assert expected.items() <= run.data.tags.items()
    assert run.data.params["generator.hidden"] == "[512, 256]"
    assert run.data.params["strategy.replay.refresh"] == "task"
    assert run.data.params["plugins.generator"] == "cltk-vae 0.1.0"
    assert "generator.dropout" not in run.data.params


def test_metrics_are_those_of_the_record(server: TrackingServer, record: Record, run_folder: Path) -> None:
    run_id = track(server, record, run_folder.parent)
    values = server.client.get_run(run_id).data.metrics
    assert values["diaz-bwt"] == record.metrics["diaz-bwt"]
    assert values["samples/cumulative"] == sum(record.samples) + sum(record.replay.counts)
    assert values["bytes/total"] == 4_454_720
    history = server.client.get_metric_history(run_id, "accuracy/task_1")
    assert [(point.step, point.value) for point in history] == [(i, row[0]) for i, row in enumerate(record.accuracy)]
    assert [p.step for p in server.client.get_metric_history(run_id, "metrics_by_task/diaz-bwt")] == [2, 3, 4, 5]
    assert [p.step for p in server.client.get_metric_history(run_id, "loss/classifier")] == list(range(1, 26))


def test_figures_tables_and_files_are_kept(server: TrackingServer, record: Record, run_folder: Path) -> None:
    run_id = track(server, record, run_folder.parent)
    figures = (
        "accuracy_by_task",
        "accuracy_matrix",
        "average_accuracy",
        "losses",
        "metrics_by_task",
        "replayed_samples",
    )
    tables = ("accuracy.json", "accuracy.md", "cost.json", "cost.md", "memory.json", "memory.md")
    pictures = {path for path in artifacts_of(server, run_id) if path.startswith("images/")}
    steps = {int(match[1]) for path in pictures if (match := re.search(r"replayed.samples\W+step\W+(\d+)", path))}
    assert steps == {1, 2, 3, 4}  # MLflow has a slider over them.
    assert artifacts_of(server, run_id) - pictures == {
        *(f"figures/{name}.png" for name in figures),
        *(f"tables/{name}" for name in tables),
        "experiment.toml",
        "record.json",
        "weights.safetensors",
    }
    assert "5,682" in server.client.get_run(run_id).data.tags["mlflow.note.content"]


@pytest.mark.parametrize(("status", "shown"), [("failed", "FAILED"), ("interrupted", "KILLED")])
def test_a_run_that_ended_early_says_so(
    server: TrackingServer, make_record: Callable[..., Record], run_folder: Path, status: str, shown: str
) -> None:
    whole = make_record()
    early = make_record(
        run_id=status,
        status=status,
        error="Loss is NaN.",
        warnings=["Collapsed."],
        tasks=whole.tasks[:1],
        metrics={},
    )
    write(run_folder.parent, early)
    run = server.client.get_run(track(server, early, run_folder.parent))
    assert (run.info.status, run.data.tags["error"], run.data.tags["warnings"]) == (shown, "Loss is NaN.", "Collapsed.")


def test_a_run_that_failed_before_it_began_is_tracked(
    server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    lists: dict[str, Any] = {"untrained": [], "losses": [], "tasks": []}
    empty: dict[str, Any] = {"curves": {}, "metrics": {}, "bytes": {}, "parameters": {}, **lists}
    record = make_record(run_id="nothing", status="failed", error="No data.", **empty)
    write(tmp_path, record)
    assert artifacts_of(server, track(server, record, tmp_path)) == {"record.json"}


def test_long_values_and_many_of_them_are_split_over_calls(
    server: TrackingServer, make_record: Callable[..., Record], run_folder: Path
) -> None:
    settings = {f"s{i}": "x" * 7000 if i == 0 else i for i in range(250)}
    metrics = {f"metric {i} (odd)": float(i) for i in range(1800)}
    record = make_record(config={"name": "replay-cost", "generator": {"name": "vae", **settings}}, metrics=metrics)
    run = server.client.get_run(track(server, record, run_folder.parent))
    assert len(run.data.params["generator.s0"]) == 6000
    assert run.data.params["generator.s249"] == "249"
    assert run.data.metrics["metric 1799 _odd_"] == 1799


def test_seeds_are_grouped_under_a_parent(
    server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    records = [make_record(seed, run_id=f"grouped-{seed}") for seed in range(3)]
    tracker = open_tracker(server, tmp_path, (0, 1, 2))
    for record in records:
        write(tmp_path, record)
    children = [track(server, record, tmp_path, tracker) for record in records]
    summary = {"average-accuracy": {"mean": 0.9, "std": 0.01, "ci95": 0.02}}
    tracker.finish_group(seeds_group(0, 1, 2), records[::-1], summary, None)
    (parent,) = {server.client.get_run(child).data.tags["mlflow.parentRunId"] for child in children}
    run = server.client.get_run(parent)
    assert run.info.run_name == "3 seeds · vae · linear · generative-replay"
    assert run.info.status == "FINISHED"
    values = run.data.metrics
    assert (values["average-accuracy"], values["average-accuracy.std"], values["average-accuracy.ci95"]) == (
        0.9,
        0.01,
        0.02,
    )
    assert {"seconds/total", "bytes/total", "accuracy/seen_so_far"} <= set(values)  # The columns, as of its seeds.
    assert run.inputs.dataset_inputs[0].dataset.name == records[0].config["scenario"]["name"]
    assert artifacts_of(server, parent) == {"figures/mean_accuracy_matrix.png"}
    by_seed = run.data.tags["mlflow.note.content"].partition("by seed: ")[2]
    assert [value.partition(":")[0] for value in by_seed.split(", ")] == ["0", "1", "2"]


def test_a_run_lasts_from_when_it_began_until_it_ended(
    server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    """Not until MLflow, which is slow to start, has heard of it; and seeds together from the first to the last."""
    tracker = open_tracker(server, tmp_path, (0, 1))
    records = [make_record(seed, run_id=f"timed-{seed}") for seed in range(2)]
    children = []
    for record, began in zip(records, (1_000.0, 1_010.0), strict=True):
        write(tmp_path, record)
        children.append(tracker.start(before_training(record), began))
        tracker.finish(record, began + 8)
    tracker.finish_group(seeds_group(0, 1), records, {}, None)
    runs = [server.client.get_run(child) for child in children]
    runs.append(server.client.get_run(runs[0].data.tags["mlflow.parentRunId"]))
    times = [(run.info.start_time, run.info.end_time) for run in runs]
    assert times == [(1_000_000, 1_008_000), (1_010_000, 1_018_000), (1_000_000, 1_018_000)]


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_run_that_was_cut_off_while_it_was_created_is_there_once(
    server: TrackingServer,
    make_record: Callable[..., Record],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    goes_on: bool,
) -> None:
    record = make_record()
    write(tmp_path, record)
    before = {run.info.run_id for run in runs_of(server, record)}  # of other stores
    tracker, create = open_tracker(server, tmp_path), MlflowExperiment.create

    def cut_off(*arguments: Any) -> str:
        create(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(MlflowExperiment, "create", cut_off)
    with pytest.raises(KeyboardInterrupt):
        tracker.start(before_training(record), time.time())
    monkeypatch.undo()
    again = open_tracker(server, tmp_path)
    run_id = again.start(record, time.time(), goes_on)
    again.finish(record)
    assert {run.info.run_id for run in runs_of(server, record)} - before == {run_id}


def test_an_experiment_says_what_it_is_until_somebody_does(server: TrackingServer, tmp_path: Path) -> None:
    tracker = RunTracker(tmp_path, server.uri)

    def note() -> str:
        return str(server.client.get_experiment_by_name("described").tags["mlflow.note.content"])

    tracker.begin_group(RunGroup("seeds", "described"))
    assert "tags.kind = 'run'" in note()
    tracker.begin_group(RunGroup("seeds", "described", "what for"))
    tracker.begin_group(RunGroup("seeds", "described"))
    assert note().startswith("what for")


def test_an_experiment_says_what_it_is_of(server: TrackingServer, tmp_path: Path) -> None:
    tracker = RunTracker(tmp_path, server.uri)
    config = {"strategy": {"name": "joint"}, "scenario": {"name": "split-digits"}}
    cells = {"cells": [{"name": "fixed"}, {"name": "linear"}]}
    tracker.begin_group(RunGroup("seeds", "an experiment", definition=config))
    tracker.begin_group(RunGroup("study", "a study", definition=cells))
    notes = {each.name: each.tags.get("mlflow.note.content", "") for each in server.client.search_experiments()}
    assert notes["an experiment"].startswith("split-digits · joint\n")
    assert notes["a study"].startswith("fixed · linear\n")


def test_seeds_that_ended_earlier_go_below_the_parent_of_the_others(
    server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    """A command that was killed is called again: the first seed had arrived, the second had not."""
    records = [make_record(seed, run_id=f"again-{seed}") for seed in range(3)]
    for record in records:
        write(tmp_path, record)
    before = track(server, records[0], tmp_path, open_tracker(server, tmp_path, (0, 1, 2)))
    tracker = open_tracker(server, tmp_path, (0, 1, 2))
    tracker.finish(records[0])
    tracker.finish(records[1])
    track(server, records[2], tmp_path, tracker)
    tracker.finish_group(seeds_group(0, 1, 2), records, {}, None)
    runs = [run for record in records for run in runs_of(server, record)]
    assert before in {run.info.run_id for run in runs}
    assert len(runs) == 3
    (parent,) = {run.data.tags["mlflow.parentRunId"] for run in runs}
    assert server.client.get_run(parent).info.status == "FINISHED"


def test_several_runs_may_be_open_at_once(
    server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    tracker = open_tracker(server, tmp_path, (0, 1))
    records = [make_record(seed, run_id=f"open-{seed}") for seed in range(2)]
    ids = [tracker.start(before_training(record), time.time()) for record in records]
    for record in records:
        tracker.log_task(record, 1)
    first = [server.client.get_run(run_id).data.metrics["accuracy/task_1"] for run_id in ids]
    assert first == [record.accuracy[1][0] for record in records]


def test_a_folder_is_uploaded_once(server: TrackingServer, record: Record, run_folder: Path) -> None:
    before = len(runs_of(server, record))
    receipt = upload(server, record, run_folder.parent)
    assert upload(server, record, run_folder.parent) == receipt == read_receipt(run_folder)
    assert len(runs_of(server, record)) == before + 1
    run = server.client.get_run(receipt.run_id)
    assert run.data.metrics["average-accuracy"] == record.metrics["average-accuracy"]
    assert len(server.client.get_metric_history(receipt.run_id, "accuracy/task_1")) == len(record.accuracy)
    assert run.info.end_time - run.info.start_time == pytest.approx(1000 * record.seconds["total"], abs=2)


def test_a_run_that_was_tracked_is_not_uploaded_again(server: TrackingServer, record: Record, run_folder: Path) -> None:
    run_id = track(server, record, run_folder.parent)
    assert upload(server, record, run_folder.parent).run_id == run_id


def test_an_upload_replaces_what_had_arrived_of_the_run(
    server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    record = make_record(run_id="cut-off")
    write(tmp_path, record)
    cut_off = open_tracker(server, tmp_path, (0, 1)).start(record, time.time())
    parent = server.client.get_run(cut_off).data.tags["mlflow.parentRunId"]
    uploaded = upload(server, record, tmp_path)
    assert [run.info.run_id for run in runs_of(server, record)] == [uploaded.run_id]
    assert server.client.get_run(uploaded.run_id).data.tags["mlflow.parentRunId"] == parent


def test_a_run_that_goes_on_continues_its_mlflow_run(
    server: TrackingServer, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    whole = make_record(run_id="goes-on")
    begun = make_record(run_id="goes-on", status="interrupted", tasks=whole.tasks[:2])
    write(tmp_path, begun)
    run_id = track(server, begun, tmp_path)
    write(tmp_path, whole)
    tracker = open_tracker(server, tmp_path)
    assert tracker.start(begun, time.time(), goes_on=True) == run_id
    for learned in range(3, 6):
        tracker.log_task(whole, learned)
    tracker.finish(whole)
    history = server.client.get_metric_history(run_id, "accuracy/task_1")
    assert sorted(point.step for point in history) == list(range(6))
    assert server.client.get_run(run_id).info.status == "FINISHED"


def test_a_receipt_of_an_earlier_version_is_understood(
    server: TrackingServer, record: Record, run_folder: Path
) -> None:
    run_id = track(server, record, run_folder.parent)
    receipt = read_receipt(run_folder)
    assert receipt is not None
    values = receipt.model_dump() | {"complete": False, "tracking_uri": server.uri}
    (run_folder / "mlflow.json").write_text(json.dumps(values))
    assert upload(server, record, run_folder.parent).run_id != run_id
    assert server.client.get_run(run_id).info.lifecycle_stage == "deleted"


def test_a_damaged_receipt_is_named(server: TrackingServer, record: Record, run_folder: Path) -> None:
    (run_folder / "mlflow.json").write_text(json.dumps({"run_id": 1}))
    with pytest.raises(StoreError, match=r"mlflow\.json"):
        upload(server, record, run_folder.parent)


def test_a_deleted_experiment_is_named(server: TrackingServer, tmp_path: Path) -> None:
    tracker = RunTracker(tmp_path, server.uri)
    tracker.begin_group(RunGroup("seeds", "gone"))
    server.client.delete_experiment(server.client.get_experiment_by_name("gone").experiment_id)
    with pytest.raises(StoreError, match="'gone' was deleted"):
        tracker.begin_group(RunGroup("seeds", "gone"))


def test_the_record_is_kept_as_it_is(server: TrackingServer, record: Record, run_folder: Path, tmp_path: Path) -> None:
    run_id = track(server, record, run_folder.parent)
    copy = server.client.download_artifacts(run_id, "record.json", str(tmp_path))
    assert read_record(Path(copy)) == record
