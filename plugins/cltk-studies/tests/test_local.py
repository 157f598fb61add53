"""The launcher ``local``: what it starts, how it ends, and what another process can learn of it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.errors import CltkError
from cltk.testing import conformance_tests
from cltk_studies.launchers.local import Local

Cli = Callable[..., Any]
Write = Callable[..., Path]

test_conformance = conformance_tests(Local)

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def launcher(tmp_path: Path) -> Local:
    folder = tmp_path / "study"
    folder.mkdir()
    return Local(Local.Config(), folder)


def test_what_it_started_can_be_asked_for_and_stopped_by_another(launcher: Local) -> None:
    handle = launcher.start(SLEEPS, 3)
    assert launcher.alive(handle) == 3
    assert launcher.reason(handle) is None
    other = Local(Local.Config(), launcher.folder)
    assert other.alive(json.loads(json.dumps(handle))) == 3
    launcher.stop(handle)
    assert other.alive(handle) == 0
    launcher.stop(handle)


def test_it_says_why_workers_ended(launcher: Local) -> None:
    handle = launcher.start([sys.executable, "-c", "import sys; sys.exit('there is no memory left')"], 2)
    while launcher.alive(handle):
        time.sleep(0.05)
    assert launcher.reason(handle) == "there is no memory left"
    launcher.stop(handle)


def test_what_cannot_be_started_is_an_error(launcher: Local) -> None:
    with pytest.raises(CltkError, match="cannot be started"):
        launcher.start(["/nowhere/cltk"], 2)


def test_workers_of_another_machine_are_left_alone(launcher: Local) -> None:
    handle = {"host": "elsewhere", "pid": 1, "started": "1", "workers": 2, "log": "/nowhere"}
    for ask in (launcher.stop, launcher.alive):
        with pytest.raises(CltkError, match="on the machine 'elsewhere'"):
            ask(handle)


def test_it_describes_the_command(launcher: Local) -> None:
    assert launcher.describe(["cltk", "worker", "a b"], 2) == "cltk worker 'a b' --workers 2 --attached"


def test_a_plan_says_what_would_be_launched(write: Write, cli: Cli, store: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n')
    plan = cli("ablate", file, "--store", store, "--workers", 2, "--dry-run", "--json")
    assert "cltk worker small --store" in plan.json["launched"]
    assert "launched" not in cli("ablate", file, "--store", store, "--dry-run", "--json").json
    secret = cli("ablate", file, "--workers", 2, "--dry-run", "--json", "--study-db", "postgresql://me:pass@host/db")
    assert "pass@" not in secret.out


def test_an_unknown_launcher_is_named(write: Write, cli: Cli, store: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n')
    done = cli("ablate", file, "--store", store, "--launcher", "locl")
    assert done.status == 2
    assert "Did you mean 'local'?" in done.said
    assert not store.exists()
    done = cli("ablate", file, "--store", store, "--launcher.local.queue", "short")
    assert done.status == 2
    assert "no field 'queue'" in done.said


def test_what_has_ended_is_forgotten(write: Write, cli: Cli, store: Path) -> None:
    from cltk_studies.work.database import open_database
    from cltk_studies.work.queue import Queue

    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n', seeds="[0]")
    done = cli("ablate", file, "--store", store, "--launcher", "local", "--json")
    assert done.status == 0, done.err
    assert Queue(open_database(store), "small").signals.launches == {}
    assert not list((store / "studies" / "small").glob("*.log"))


def test_a_finished_study_launches_nothing(
    write: Write, cli: Cli, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers take seconds to start, and a cluster would be asked for nodes."""
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n', seeds="[0]")
    options = ("ablate", file, "--store", store, "--workers", 2)
    assert cli(*options).status == 0
    started: list[int] = []
    monkeypatch.setattr(Local, "start", lambda launcher, command, n: started.append(n))
    ending = cli(*options, "--json")
    assert ending.status == 0
    assert ending.json["finished"] == 2
    assert not started
