"""Wrong launchers."""

import os
import subprocess
from pathlib import Path

import pytest

from cltk.errors import ConfigError
from cltk.interfaces import Launcher
from cltk.testing import NotRunError, checks_of, conformance_tests, launchers

STARTED = {}
"""Every process by its number: an object that is thrown away while its process runs is a warning."""


class Processes(Launcher):
    """Starts one process a worker."""

    def start(self, command, n):
        log = self.folder / "log"
        with log.open("w") as output:
            started = [subprocess.Popen(command, stderr=output) for _ in range(n)]
        STARTED.update({process.pid: process for process in started})
        return {"processes": [process.pid for process in started], "log": str(log)}

    def alive(self, handle):
        return sum(STARTED[process].poll() is None for process in handle["processes"])

    def reason(self, handle):
        return Path(handle["log"]).read_text() or None

    def stop(self, handle):
        for process in handle["processes"]:
            STARTED[process].kill()
            STARTED[process].wait()

    def describe(self, command, n):
        return f"{n} times: {' '.join(command)}"


test_good = conformance_tests(Processes)


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch):
    monkeypatch.setattr(launchers, "PATIENCE", 1.0)
    monkeypatch.setattr(launchers, "WAITING", (*launchers.WAITING[:2], "import time; time.sleep(3)"))
    yield
    for process in STARTED.values():
        process.kill()
        process.wait()
    STARTED.clear()


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("has-docstring", {"__doc__": "Starts processes"}),
        ("describing-starts-nothing", {"describe": lambda self, command, n: str(self.start(("true",), n))}),
        ("describing-starts-nothing", {"describe": lambda self, command, n: None}),
        ("another-process-finds-and-stops-workers", {"stop": lambda self, handle: None}),
        ("another-process-finds-and-stops-workers", {"start": lambda self, c, n: Processes.start(self, c, n) | {1: 2}}),
        ("says-why-workers-failed", {"reason": lambda self, handle: None}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Processes, **attributes) == {check}


def test_a_launcher_that_waits_for_its_workers_is_found(failing):
    def start(self, command, n):
        for _ in range(n):
            subprocess.run(command, check=False, capture_output=True)
        return {"processes": [], "log": os.devnull}

    assert failing(Processes, start=start) == {"another-process-finds-and-stops-workers", "says-why-workers-failed"}


def test_workers_that_only_their_own_launcher_knows_are_found(failing):
    def start(self, command, n):
        self.started = [subprocess.Popen(command) for _ in range(n)]
        return {}

    own = {
        "start": start,
        "alive": lambda self, handle: sum(process.poll() is None for process in self.started),
        "stop": lambda self, handle: [process.kill() or process.wait() for process in self.started],
        "reason": lambda self, handle: "it failed" if self.started[0].wait() > 0 else None,
    }
    assert failing(Processes, **own) == {"another-process-finds-and-stops-workers"}


def test_where_a_cluster_is_not_at_hand_nothing_is_started():
    class Cluster(Processes):
        """Submits a job."""

        def start(self, command, n):
            raise ConfigError("There is no sbatch here.", "Log in to the cluster.")

    def reason(run):
        try:
            run()
        except NotRunError as error:
            return str(error)

    reasons = {name: reason(run) for name, run in checks_of(Cluster)}
    assert {name for name, why in reasons.items() if why} == {
        "another-process-finds-and-stops-workers",
        "says-why-workers-failed",
    }
    assert "There is no sbatch here." in reasons["says-why-workers-failed"]
