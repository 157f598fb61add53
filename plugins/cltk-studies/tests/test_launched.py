"""Workers of whichever launcher: what becomes of those that die while others go on."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from cltk.config import Settings
from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher
from cltk.machine import Machine
from cltk_studies.work.chosen_launcher import ChosenLauncher
from cltk_studies.work.database import open_database
from cltk_studies.work.lease import worker_of
from cltk_studies.work.queue import Queue
from cltk_studies.work.state import LOSS
from cltk_studies.work.worker import Worker
from cltk_studies.work.workers import worker_command

Write = Callable[..., Path]
Cli = Callable[..., Any]
STUDY = '[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n'


class Processes(Launcher):
    """Starts a process for each worker; does not answer at first, then kills the first one at its work."""

    started: list[list[subprocess.Popen[bytes]]]
    mute = True

    def start(self, command: Sequence[str], n: int) -> Handle:
        (self.folder / "log").write_text("started")
        variables = [os.environ | {"CLTK_WORKER": str(number)} for number in range(n)]
        self.started.append([subprocess.Popen(command, env=each, stderr=subprocess.DEVNULL) for each in variables])
        return {"number": len(self.started) - 1}

    def alive(self, handle: Handle) -> int:
        if self.mute:
            self.mute = False
            raise CltkError("The cluster does not answer.")
        first = self.started[0][0]
        deadline = time.monotonic() + 60
        while first.pid not in self._at_work() and first.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        first.kill()
        first.wait()
        return sum(process.poll() is None for process in self.started[handle["number"]])

    def _at_work(self) -> list[object]:
        states = Queue(open_database(self.folder.parent.parent), "small").states().values()
        return [worker_of(state.trial).get("pid") for state in states if state.status == "running"]

    def ended(self, handle: Handle) -> Mapping[str, str]:
        codes = enumerate(process.poll() for process in self.started[handle["number"]])
        return {str(number): f"it ended as {code}" for number, code in codes if code}

    def stop(self, handle: Handle) -> None:
        for process in self.started[handle["number"]]:
            process.terminate()
            process.wait()

    def describe(self, command: Sequence[str], n: int) -> str:
        return ""


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Processes]]:
    """Takes the place of the launcher that is chosen."""
    Processes.started = []
    monkeypatch.setattr(ChosenLauncher, "make", lambda self, folder: Processes(Settings(), folder))
    yield Processes
    for process in chain.from_iterable(Processes.started):
        process.kill()
        process.wait()


def test_one_that_died_is_replaced_at_once_and_what_it_had_given_back(
    write: Write, cli: Cli, store: Path, processes: type[Processes], caplog: pytest.LogCaptureFixture
) -> None:
    """Long before its silence would tell."""
    options = ["--store", store, "--launcher", "local", "--workers", 2, "--sink", "none", "--lease", 60]
    done = cli("ablate", write(STUDY, epochs=1500), *options, "--json")
    assert done.status == 0, done.err
    assert done.json["finished"] == 4
    assert [len(launch) for launch in processes.started] == [2, 1]
    assert "1 worker ended before the study was done; started again: it ended as -9" in caplog.text
    assert "The cluster does not answer. The workers are left alone" in caplog.text
    attempts = Queue(open_database(store), "small").attempts().values()
    assert [trial.user_attrs[LOSS] for each in attempts for trial in each.losses] == ["it ended as -9"]


def test_their_command_can_be_executed_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = worker_command(
        Worker(("small",), Path("runs"), f"{tmp_path}/runs", Machine("cpu", data_dir=Path("data")))
    )
    assert command[command.index("--store") + 1] == f"{tmp_path}/runs"
    assert command[command.index("--data-dir") + 1] == f"{tmp_path}/data"


def test_what_they_fail_with_is_the_last_line_of_their_log(cli: Cli, write: Write, store: Path) -> None:
    assert cli("ablate", write(STUDY), "--store", store, "--sink", "none").status == 0
    failed = cli("worker", "smal", "--store", store, "--launch", "somebody")
    assert failed.status == 2
    assert "There is no study 'smal' in this database. Did you mean 'small'?" in failed.err.splitlines()[-1]


def test_a_cluster_that_cannot_stop_them_costs_no_result(
    write: Write,
    cli: Cli,
    store: Path,
    processes: type[Processes],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stop(self: Processes, handle: Handle) -> None:
        raise CltkError("The cluster is gone.")

    monkeypatch.setattr(processes, "stop", stop)
    done = cli("ablate", write(STUDY), "--store", store, "--launcher", "local", "--sink", "none", "--json")
    assert done.status == 0, done.err
    assert done.json["finished"] == 4
    assert "The cluster is gone. Workers that cannot be stopped end when nothing is left" in caplog.text


def test_they_are_started_again_within_a_limit(
    write: Write, cli: Cli, store: Path, processes: type[Processes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times each."""

    def start(self: Processes, command: Sequence[str], n: int) -> Handle:
        self.started.append([subprocess.Popen(["false"]) for _ in range(n)])
        return {"number": len(self.started) - 1}

    monkeypatch.setattr(processes, "start", start)
    monkeypatch.setattr("cltk_studies.work.workers._POLL", 0.05)
    done = cli("ablate", write(STUDY), "--store", store, "--launcher", "local", "--workers", 2, "--sink", "none")
    assert done.status == 1
    assert "All workers ended before the study was done: it ended as 1" in done.said
    assert [len(launch) for launch in processes.started] == [2, 2, 2, 2]
