"""A tracking server that dies under a run costs nothing: the run goes on, and its record is uploaded later, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cltk.build import Prepared
from cltk.config import Settings
from cltk.events import Event, TaskEnded
from cltk.interfaces import Sink
from cltk.record import Record
from cltk.record_file import read_record
from cltk.runs.seeds import run_seeds
from cltk.runs.sinks import make_sinks
from tests.commandline import run_cli
from tests.servers import TrackingServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TrackingServer]:
    server = TrackingServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 2, 4])
def test_a_server_that_dies_costs_nothing(
    server: TrackingServer, make_prepared: Callable[[str], Prepared], tmp_path: Path, after: int
) -> None:
    from mlflow import MlflowClient

    class Killing(Sink):
        def observe(self, event: Event, record: Record) -> None:
            if isinstance(event, TaskEnded) and event.task == after:
                server.kill()

    store = tmp_path / "store"
    sinks = make_sinks(["mlflow"], {"mlflow": {"tracking_uri": server.uri}}, store, [Killing(Settings(), store)])
    ending = run_seeds(make_prepared("finetune"), store, sinks)
    assert ending.exit_status == 0
    assert len(ending.notices) == 1
    assert f"cltk sync --store {store}" in ending.notices[0]
    (path,) = store.glob("*/record.json")
    assert read_record(path).status == "finished"

    server.start()
    for expected in ("1 uploaded, 0 failed", "0 uploaded, 0 failed"):
        done = run_cli("sync", "--store", store, "--tracking-uri", server.uri)
        assert done.status == 0
        assert expected in done.out
    client = MlflowClient(server.uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    (run,) = client.search_runs(experiments)
    assert run.info.status == "FINISHED"
    assert len(client.get_metric_history(run.info.run_id, "accuracy/task_1")) == 6
