"""``cltk ui``: on loopback, gone when it is told to go, clear where its port is taken, and silent about passwords."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cltk_mlflow.commands.ui import _pages
from cltk_mlflow.experiment import MlflowExperiment
from cltk_mlflow.server import open_server
from tests.commandline import Cli
from tests.servers import free_port, wait_until

# SQLAlchemy 2.1 warns of what MLflow's tables use.
pytestmark = pytest.mark.filterwarnings("ignore:The ..noload.. loader strategy:DeprecationWarning")


@pytest.mark.slow
def test_it_serves_until_it_is_ended(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "cltk", "ui", "--port", str(port), "--store", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ) as server:
        try:
            assert wait_until(True, port)
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    assert wait_until(False, port)


def test_a_port_in_use_is_named_with_one_that_is_free(cli: Cli, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cli("ui", "--port", port, "--store", tmp_path)
    assert done.status == 2
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use." in done.said
    assert "is free: cltk ui --port" in done.said


def test_the_address_of_the_database_is_in_no_list_of_processes(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may bear a password."""
    address = f"sqlite:///{tmp_path}/secret.db"
    open_server(tmp_path, address)  # Imports MLflow, which would not be with the class below.
    started: list[dict[str, Any]] = []

    class Server:
        def __init__(self, command: list[str], env: dict[str, str], **options: Any) -> None:
            started.append({"command": command, "env": env})

        def __enter__(self) -> Server:
            return self

        def __exit__(self, *error: object) -> None: ...

        def wait(self) -> None: ...

        def poll(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Server)
    cli("ui", "--port", free_port(), "--store", tmp_path, MLFLOW_TRACKING_URI=address)
    (server,) = started
    assert "secret" not in " ".join(server["command"])
    assert "secret" in server["env"]["MLFLOW_BACKEND_STORE_URI"]


def test_the_page_of_the_runs_is_named(tmp_path: Path) -> None:
    opened = open_server(tmp_path)
    assert _pages(opened) == [("", "#/experiments?workflowType=machine_learning")]
    mine, later = (MlflowExperiment(opened, name) for name in ("mine", "later"))
    for experiment in (mine, later):
        experiment.create("run", {})
    for name, first in ((None, later), ("mine", mine)):
        pages = _pages(opened, name)
        assert {page[0] for page in pages} == {"mine", "later"}
        assert pages[0][1].startswith(f"#/experiments/{first.id}/runs?workflowType=machine_learning&")


def test_an_experiment_that_is_not_there_is_named_with_those_that_are(cli: Cli, tmp_path: Path) -> None:
    MlflowExperiment(open_server(tmp_path), "mine").create("run", {})
    done = cli("ui", "mien", "--store", tmp_path, "--port", free_port())
    assert done.status == 2
    assert "MLflow has no experiment 'mien'. Did you mean 'mine'?" in done.said


@pytest.mark.parametrize(("kind", "shown"), [("run", ""), ("cell", "tags.kind = 'cell'")])
def test_it_begins_with_what_is_compared_the_best_first(tmp_path: Path, kind: str, shown: str) -> None:
    opened = open_server(tmp_path)
    experiment = MlflowExperiment(opened, "mine")
    experiment.create("one", {"kind": kind})
    key = _pages(opened)[0][1].partition("viewStateShareKey=")[2]
    tags = opened.client.get_experiment(experiment.id).tags
    view = json.loads(tags[f"mlflow.sharedViewState.{key}"])
    assert view["searchFilter"] == shown
    assert not view["orderByAsc"]
    assert view["orderByKey"] == view["selectedColumns"][0] == "metrics.`final-average-accuracy`"
    assert not any("accuracy/" in column for column in view["selectedColumns"])  # In the end it is the same number.
