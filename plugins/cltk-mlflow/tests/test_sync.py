"""``cltk sync``: what never reached MLflow is uploaded, once, below its parent; one bad folder costs only itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.record import Record
from cltk.record_file import to_json
from cltk_mlflow.server import open_server
from tests.commandline import Cli, run_cli

# SQLAlchemy 2.1 warns of what MLflow's tables use.
pytestmark = pytest.mark.filterwarnings("ignore:The ..noload.. loader strategy:DeprecationWarning")


@pytest.fixture
def write(tmp_path: Path, make_record: Callable[..., Record]) -> Callable[..., Path]:
    """Writes the folder of a run with a record alone."""

    def write(run_id: str, seed: int = 0, **changes: Any) -> Path:
        folder = tmp_path / run_id
        folder.mkdir()
        (folder / "record.json").write_bytes(to_json(make_record(seed, run_id=run_id, **changes)))
        return folder

    return write


def runs_of(store: Path) -> list[Any]:
    client = open_server(store).client
    return list(client.search_runs([experiment.experiment_id for experiment in client.search_experiments()]))


def test_seeds_are_uploaded_once_and_below_one_parent(cli: Cli, write: Callable[..., Path], tmp_path: Path) -> None:
    for seed in (0, 1):
        write(f"run-{seed}", seed)
    for expected in ("2 uploaded, 0 failed", "0 uploaded, 0 failed"):
        assert expected in cli("sync", "--store", tmp_path).out
    runs = {run.data.tags["kind"] + run.data.tags.get("seed", ""): run for run in runs_of(tmp_path)}
    assert set(runs) == {"seeds", "run0", "run1"}
    parents = {runs[name].data.tags["mlflow.parentRunId"] for name in ("run0", "run1")}
    assert parents == {runs["seeds"].info.run_id}
    assert "average-accuracy.std" in runs["seeds"].data.metrics
    write("run-2", 2)
    assert "1 uploaded, 0 failed" in cli("sync", "--store", tmp_path).out
    assert {run.data.tags.get("mlflow.parentRunId") for run in runs_of(tmp_path)} == {None, *parents}


def test_a_run_that_goes_on_is_not_uploaded(cli: Cli, write: Callable[..., Path], tmp_path: Path) -> None:
    write("run-0", status="running")
    assert "0 uploaded, 0 failed" in cli("sync", "--store", tmp_path).out


def test_a_bad_folder_is_named_and_the_others_are_uploaded(
    cli: Cli, write: Callable[..., Path], tmp_path: Path
) -> None:
    write("good")
    (write("unreadable") / "record.json").write_text("{}")
    (write("receipt", 1) / "mlflow.json").write_text(json.dumps({"run_id": 1}))
    (write("samples", 2) / "replay.npz").write_bytes(b"PK\x03\x04 and no more")
    done = cli("sync", "--store", tmp_path)
    assert done.status == 1
    assert "1 uploaded, 3 failed" in done.out
    for name in ("unreadable", "receipt", "samples"):
        assert name in done.said
    assert "good" not in done.said


def test_a_run_is_uploaded_once_to_each_server(cli: Cli, write: Callable[..., Path], tmp_path: Path) -> None:
    write("run-0")
    servers = [f"sqlite:///{tmp_path / name}.db" for name in ("a", "b")]
    counts = [cli("sync", "--store", tmp_path, "--tracking-uri", uri).out[:1] for uri in (*servers, *servers)]
    assert counts == ["1", "1", "0", "0"]


def test_a_store_that_was_moved_is_not_uploaded_again(cli: Cli, write: Callable[..., Path], tmp_path: Path) -> None:
    write("run-0")
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (tmp_path / "run-0").rename(old / "run-0")
    assert "1 uploaded" in cli("sync", "--store", old).out
    old.rename(new)
    assert "0 uploaded" in cli("sync", "--store", new).out


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run_cli("sync", "--store", tmp_path / "typo")
    assert done.status == 2
    assert "There is no folder" in done.err
    assert not (tmp_path / "typo").exists()
