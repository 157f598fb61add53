from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.errors import StoreError
from cltk.record import Record, read_record, to_json
from cltk_mlflow.receipt import read_mark
from cltk_mlflow.store import Store
from cltk_mlflow.tracking import Tracker, upload

# SQLAlchemy 2.1 warns of what MLflow's tables use.
pytestmark = pytest.mark.filterwarnings("ignore:The ..noload.. loader strategy:DeprecationWarning")


def track(store: Store, record: Record, folder: Path, parent: str | None = None) -> str:
    tracker = Tracker(store, "replay-cost")
    run_id = tracker.start(record, folder, parent)
    for learned in range(len(record.accuracy)):
        tracker.log_task(run_id, record, learned)
    tracker.finish(run_id, record, folder)
    return run_id


def runs_of(store: Store, record: Record) -> list[Any]:
    experiments = [experiment.experiment_id for experiment in store.client.search_experiments()]
    return list(store.client.search_runs(experiments, f"tags.`cltk.run_id` = '{record.run_id}'"))


def artifacts_of(store: Store, run_id: str) -> set[str]:
    found: set[str] = set()
    for item in store.client.list_artifacts(run_id):
        inside = store.client.list_artifacts(run_id, item.path) if item.is_dir else [item]
        found |= {inner.path for inner in inside}
    return found


def test_a_run_is_found_by_its_name_tags_and_parameters(store: Store, record: Record, run_folder: Path) -> None:
    run = store.client.get_run(track(store, record, run_folder))
    assert run.info.run_name == "seed 0 · vae · linear · generative-replay"
    assert run.info.status == "FINISHED"
    expected = {"strategy": "generative-replay", "scenario": "split-mnist", "seed": "0", "config_hash": "3f9a2c41d0be"}
    assert expected.items() <= run.data.tags.items()
    assert run.data.params["generator.hidden"] == "[512, 256]"
    assert run.data.params["strategy.replay.refresh"] == "task"
    assert run.data.params["plugins.generator"] == "cltk-vae 0.1.0"
    assert "generator.dropout" not in run.data.params


def test_metrics_are_those_of_the_record(store: Store, record: Record, run_folder: Path) -> None:
    run_id = track(store, record, run_folder)
    values = store.client.get_run(run_id).data.metrics
    assert values["diaz-bwt"] == record.metrics["diaz-bwt"]
    assert values["samples/cumulative"] == sum(record.samples) + sum(record.replay.counts)
    assert values["bytes/total"] == 4_454_720
    history = store.client.get_metric_history(run_id, "accuracy/task_1")
    assert [(point.step, point.value) for point in history] == [(i, row[0]) for i, row in enumerate(record.accuracy)]
    assert [p.step for p in store.client.get_metric_history(run_id, "metrics_by_task/diaz-bwt")] == [2, 3, 4, 5]
    assert [p.step for p in store.client.get_metric_history(run_id, "loss/classifier")] == list(range(1, 26))


def test_figures_tables_and_files_are_kept(store: Store, record: Record, run_folder: Path) -> None:
    run_id = track(store, record, run_folder)
    figures = (
        "accuracy_by_task",
        "accuracy_matrix",
        "average_accuracy",
        "losses",
        "metrics_by_task",
        "replayed_samples",
    )
    tables = ("cost.json", "cost.md", "memory.json", "memory.md")
    assert artifacts_of(store, run_id) == {
        *(f"figures/{name}.png" for name in figures),
        *(f"tables/{name}" for name in tables),
        "experiment.toml",
        "record.json",
        "weights.safetensors",
    }
    assert "5,682" in store.client.get_run(run_id).data.tags["mlflow.note.content"]


@pytest.mark.parametrize(("status", "shown"), [("failed", "FAILED"), ("interrupted", "KILLED")])
def test_a_run_that_ended_early_says_so(
    store: Store, make_record: Callable[..., Record], run_folder: Path, status: str, shown: str
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
    (run_folder / "record.json").write_bytes(to_json(early))
    run = store.client.get_run(track(store, early, run_folder))
    assert (run.info.status, run.data.tags["error"], run.data.tags["warnings"]) == (shown, "Loss is NaN.", "Collapsed.")


def test_a_run_that_failed_before_it_began_is_tracked(
    store: Store, make_record: Callable[..., Record], tmp_path: Path
) -> None:
    lists: dict[str, Any] = {"untrained": [], "losses": [], "tasks": []}
    empty: dict[str, Any] = {"curves": {}, "metrics": {}, "bytes": {}, "parameters": {}, **lists}
    record = make_record(run_id="nothing", status="failed", error="No data.", **empty)
    (tmp_path / "record.json").write_bytes(to_json(record))
    assert artifacts_of(store, track(store, record, tmp_path)) == {"record.json"}


def test_long_values_and_many_of_them_are_split_over_calls(
    store: Store, make_record: Callable[..., Record], run_folder: Path
) -> None:
    settings = {f"s{i}": "x" * 7000 if i == 0 else i for i in range(250)}
    metrics = {f"metric {i} (odd)": float(i) for i in range(1800)}
    record = make_record(config={"name": "replay-cost", "generator": {"name": "vae", **settings}}, metrics=metrics)
    run = store.client.get_run(track(store, record, run_folder))
    assert len(run.data.params["generator.s0"]) == 6000
    assert run.data.params["generator.s249"] == "249"
    assert run.data.metrics["metric 1799 _odd_"] == 1799


def test_seeds_are_grouped_under_a_parent(store: Store, make_record: Callable[..., Record], tmp_path: Path) -> None:
    records = [make_record(seed) for seed in range(3)]
    tracker = Tracker(store, "replay-cost")
    parent = tracker.start_parent(records[0], [0, 1, 2])
    for record in records:
        folder = tmp_path / record.run_id
        folder.mkdir()
        (folder / "record.json").write_bytes(to_json(record))
        child = track(store, record, folder, parent)
        assert store.client.get_run(child).data.tags["mlflow.parentRunId"] == parent
    tracker.finish_parent(parent, records, {"average-accuracy": {"mean": 0.9, "std": 0.01, "ci95": 0.02}})
    run = store.client.get_run(parent)
    assert run.info.run_name == "3 seeds · vae · linear · generative-replay"
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {
        "average-accuracy": 0.9,
        "average-accuracy.std": 0.01,
        "average-accuracy.ci95": 0.02,
    }
    assert artifacts_of(store, parent) == {"figures/mean_accuracy_matrix.png"}


def test_several_runs_may_be_open_at_once(store: Store, make_record: Callable[..., Record], tmp_path: Path) -> None:
    tracker = Tracker(store, "replay-cost")
    records = [make_record(seed, run_id=f"open-{seed}") for seed in range(2)]
    ids = [tracker.start(record, tmp_path / record.run_id) for record in records]
    for run_id, record in zip(ids, records, strict=True):
        tracker.log_task(run_id, record, 1)
    first = [store.client.get_run(run_id).data.metrics["accuracy/task_1"] for run_id in ids]
    assert first == [record.accuracy[1][0] for record in records]


def test_a_folder_is_uploaded_once(store: Store, record: Record, run_folder: Path) -> None:
    before = len(runs_of(store, record))
    mark = upload(store, run_folder)
    assert upload(store, run_folder) == mark == read_mark(run_folder)
    assert len(runs_of(store, record)) == before + 1
    run = store.client.get_run(mark.run_id)
    assert run.data.metrics["average-accuracy"] == record.metrics["average-accuracy"]
    assert run.info.end_time - run.info.start_time == pytest.approx(1000 * record.seconds["total"], abs=2)


def test_a_run_that_was_tracked_is_not_uploaded_again(store: Store, record: Record, run_folder: Path) -> None:
    assert upload(store, run_folder).run_id == upload(store, run_folder).run_id
    run_id = track(store, record, run_folder)
    assert upload(store, run_folder).run_id == run_id


def test_an_upload_replaces_what_had_arrived_of_the_run(
    store: Store, make_record: Callable[..., Record], run_folder: Path
) -> None:
    record = make_record(run_id="cut-off")
    (run_folder / "record.json").write_bytes(to_json(record))
    tracker = Tracker(store, "replay-cost")
    parent = tracker.start_parent(record, [0])
    tracker.log_task(tracker.start(record, run_folder, parent), record, 0)
    uploaded = upload(store, run_folder)
    assert [run.info.run_id for run in runs_of(store, record)] == [uploaded.run_id]
    assert store.client.get_run(uploaded.run_id).data.tags["mlflow.parentRunId"] == parent


def test_a_run_that_goes_on_is_not_uploaded(store: Store, make_record: Callable[..., Record], run_folder: Path) -> None:
    (run_folder / "record.json").write_bytes(to_json(make_record(status="running")))
    with pytest.raises(StoreError, match="running"):
        upload(store, run_folder)


def test_a_damaged_mark_is_named(store: Store, run_folder: Path) -> None:
    (run_folder / "mlflow.json").write_text(json.dumps({"run_id": 1}))
    with pytest.raises(StoreError, match=r"mlflow\.json"):
        upload(store, run_folder)


def test_a_deleted_experiment_is_named(store: Store) -> None:
    Tracker(store, "gone")
    store.client.delete_experiment(store.client.get_experiment_by_name("gone").experiment_id)
    with pytest.raises(StoreError, match="'gone' was deleted"):
        Tracker(store, "gone")


def test_the_record_is_kept_as_it_is(store: Store, record: Record, run_folder: Path, tmp_path: Path) -> None:
    run_id = track(store, record, run_folder)
    copy = store.client.download_artifacts(run_id, "record.json", str(tmp_path))
    assert read_record(Path(copy)) == record
