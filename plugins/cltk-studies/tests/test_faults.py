"""What goes wrong on shared machines: names that change, containers, suspended workers, full disks, servers away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from cltk.runs.claim import claimed
from cltk_studies.work.database import open_database

from .test_ablate import client

Write = Callable[..., Path]
Start = Callable[..., Any]

AXES = '[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01, 0.1]\n'
ELSEWHERE = ("unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
"""Begins a command in a container of its own, whose process numbers begin anew."""


def in_container(host: str, *args: object) -> subprocess.Popen[str]:
    """Starts a command as a container with a name of its own would run it."""
    if os.geteuid() or not shutil.which("unshare") or subprocess.run([*ELSEWHERE, "true"], check=False).returncode:
        pytest.skip("this user may not make containers")
    command = [sys.executable, "-m", "cltk", *map(str, args)]
    return subprocess.Popen(
        [*ELSEWHERE, "sh", "-c", 'hostname "$0" && exec "$@"', host, *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def completions(store: Path) -> Counter[str]:
    """How often each item was finished."""
    study = optuna.load_study(study_name="small", storage=open_database(store).backend)
    return Counter(trial.user_attrs["key"] for trial in study.get_trials(states=(optuna.trial.TrialState.COMPLETE,)))


def running(store: Path) -> list[optuna.trial.FrozenTrial]:
    try:
        study = optuna.load_study(study_name="small", storage=open_database(store).backend)
    except KeyError:
        return []
    states = (optuna.trial.TrialState.RUNNING,)
    return [trial for trial in study.get_trials(states=states) if "worker" in trial.user_attrs]


def test_a_machine_that_is_called_otherwise_goes_on(write: Write, start: Start, store: Path) -> None:
    """Nobody can know that the workers of another container are dead; but they are silent."""
    file = write(AXES, epochs=60)
    options = [file, "--store", store, "--workers", 2, "--sink", "none"]
    first = start("ablate", *options, "--lease", 4)
    first.wait_until(lambda: len(running(store)) == 2)
    first.kill()
    again = in_container("another", "ablate", *options, "--lease", 4, "--json")
    out, err = again.communicate(timeout=100)
    assert again.returncode == 0, err
    assert json.loads(out)["finished"] == 6
    assert "has given no sign of life for" in err
    assert set(completions(store).values()) == {1}


def test_two_containers_of_one_name_do_each_cell_once(write: Write, store: Path) -> None:
    file = write(AXES, epochs=30)
    commands = [in_container("same", "ablate", file, "--store", store, "--json", "--sink", "none") for _ in range(2)]
    for command in commands:
        out, err = command.communicate(timeout=100)
        assert command.returncode == 0, err
        assert json.loads(out)["finished"] == 6
    assert set(completions(store).values()) == {1}
    assert len(completions(store)) == 6


def test_a_suspended_worker_loses_its_cell_and_goes_on(write: Write, start: Start, store: Path) -> None:
    file = write(AXES, epochs=60)
    options = ["--store", store]
    first = start("ablate", file, *options, "--lease", 3, "--json")
    first.wait_until(lambda: bool(running(store)))
    first.process.send_signal(signal.SIGSTOP)
    (held,) = running(store)
    other = start("worker", "small", *options)
    other.wait_until(lambda: any(trial.user_attrs["key"] == held.user_attrs["key"] for trial in running(store)[1:])
                     or completions(store)[held.user_attrs["key"]] == 1)  # fmt: skip
    first.process.send_signal(signal.SIGCONT)
    status, out, err = first.end()
    assert status == 0, err
    assert json.loads(out)["finished"] == 6
    assert "was given to another worker" in err
    assert other.end()[0] == 0
    assert set(completions(store).values()) == {1}
    assert len(completions(store)) == 6
    opened = client(store)
    runs = opened.search_runs([opened.get_experiment_by_name("small").experiment_id])
    assert Counter(run.data.tags["kind"] for run in runs) == {"study": 1, "cell": 3, "run": 6}
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_cell_that_a_command_outside_the_study_is_doing_is_waited_for(
    write: Write, start: Start, store: Path
) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001]\n', seeds="[0]")
    options = [file, "--store", store, "--sink", "none", "--json"]
    assert start("ablate", *options).end()[0] == 0
    (record,) = store.glob("*/record.json")
    record.unlink()
    with claimed([record.parent]):
        again = start("ablate", *options)
        again.wait_until(lambda: bool(running(store)))
        time.sleep(2)
        assert again.process.poll() is None
        assert not record.exists()
    status, out, err = again.end()
    assert status == 0, err
    assert json.loads(out)["finished"] == 1
    assert f"'{record.parent.name}' is being done by another process. It is tried again until that is over" in err


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where this user may mount one."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def fill(disk: Path) -> Path:
    """Leaves no room on a disk; removing the file makes some."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return path


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_said_at_once_and_waited_for(write: Write, start: Start, disk: Path, workers: int) -> None:
    file = write(AXES, epochs=60)
    store = disk / "runs"
    command = start("ablate", file, "--store", store, "--workers", workers, "--lease", 4, "--sink", "none", "--json")
    command.wait_until(lambda: sum(completions(store).values()) > 0 if store.exists() and running(store) else False)
    filler = fill(disk)
    command.wait_until(lambda: "No space left" in command.errors)
    filler.unlink()
    status, out, err = command.end()
    assert status == 0, err
    assert json.loads(out)["finished"] == 6
    assert "No space left" in err
    assert "It works again" in err
    assert set(completions(store).values()) == {1}


def test_a_command_that_is_called_again_while_the_disk_is_full_waits_too(
    write: Write, start: Start, disk: Path
) -> None:
    file, store = write(AXES, epochs=60), disk / "runs"
    options = [file, "--store", store, "--lease", 4, "--sink", "none", "--json"]
    first = start("ablate", *options)
    first.wait_until(lambda: bool(running(store)))
    first.kill()
    filler = fill(disk)
    again = start("ablate", *options)
    again.wait_until(lambda: "No space left" in again.errors)
    filler.unlink()
    status, out, err = again.end()
    assert status == 0, err
    assert json.loads(out)["finished"] == 6
