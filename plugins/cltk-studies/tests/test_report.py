"""``cltk report``: what a study says, from its records alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cltk.record import SCHEMA
from cltk_studies.work.journal import journal_path

Write = Callable[..., Path]
Cli = Callable[..., Any]

AXIS = '[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n'


def test_every_form(write: Write, cli: Cli, store: Path, tmp_path: Path) -> None:
    assert cli("ablate", write(AXIS), "--store", store).status == 0
    journal_path(store).unlink()
    shutil.rmtree(store / "artifacts")
    table = cli("report", "small", "--store", store)
    assert table.status == 0
    assert "4 of 4 runs finished" in table.out
    assert "final-average-accuracy" in table.out

    markdown = cli("report", "small", "--store", store, "--markdown").out
    assert markdown.startswith("## small")
    rows = re.findall(r"\| (.*) \| (lr=0.\d+) \| 2 \| 0\.\d{4} ± 0\.\d{4}( \*)? \| (.*) \| .*\|", markdown)[:2]
    assert {row[1] for row in rows} == {"lr=0.001", "lr=0.01"}
    assert rows[0][0] == "final-average-accuracy ↑"
    assert "baseline" in {row[3] for row in rows}

    page = tmp_path / "page.html"
    assert cli("report", "small", "--store", store, "--html", "-o", page).status == 0
    text = page.read_text()
    assert text.count("data:image/svg+xml;base64") == 6  # Of each cell its accuracy and its confusion.
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert '<img alt="lr=0.01: predictions at the end"' in text

    assert json.loads(cli("report", "small", "--store", store, "--json").out)["finished"] == 4


def test_a_record_of_a_newer_version_is_named_and_not_replaced(write: Write, cli: Cli, store: Path) -> None:
    file = write(AXIS)
    assert cli("ablate", file, "--store", store).status == 0
    path = next(store.glob("*/record.json"))
    newer = path.read_bytes().replace(SCHEMA.encode(), b"cltk.run/99")
    path.write_bytes(newer)
    report = cli("report", "small", "--store", store)
    assert "3 of 4 runs finished" in report.out
    assert "was written by a newer cltk" in report.said
    again = cli("ablate", file, "--store", store)
    assert again.status == 1
    assert "was written by a newer cltk" in again.said
    assert path.read_bytes() == newer


def test_a_tracking_server_is_enough(write: Write, cli: Cli, store: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/tracking.db"
    assert cli("ablate", write(AXIS), "--store", store, "--tracking-uri", uri).status == 0
    here = cli("report", "small", "--store", store, "--json")
    there = cli("report", "small", "--store", tmp_path / "elsewhere", "--tracking-uri", uri, "--json")
    assert there.status == 0, there.err
    assert there.json == here.json


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of an MLflow server on loopback that keeps all files itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{tmp_path}/server.db",
        "--artifacts-destination",
        f"{tmp_path}/files",
    ]
    variables = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with subprocess.Popen(
        command, env=variables, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            with suppress(OSError), urllib.request.urlopen(f"{address}/health"):  # noqa: S310 - our own address
                break
            time.sleep(0.1)
        yield address
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_server_over_http(write: Write, cli: Cli, store: Path, tmp_path: Path, server: str) -> None:
    assert cli("ablate", write(AXIS), "--store", store, "--tracking-uri", server, "--json").err == ""
    here = cli("report", "small", "--store", store, "--json")
    there = cli("report", "small", "--store", tmp_path / "elsewhere", "--tracking-uri", server, "--json")
    assert there.status == 0, there.err
    assert there.json == here.json


def test_a_study_that_is_not_there(cli: Cli, store: Path) -> None:
    done = cli("report", "smal", "--store", store)
    assert done.status == 2
    assert "no study 'smal'" in done.said
