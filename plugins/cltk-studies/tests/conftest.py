"""Studies as small as they can be, and commands that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

BASE = """
name = "{name}"
description = "As small as it can be"
seeds = {seeds}

[scenario]
name = "split-digits"
per_class = {per_class}

[strategy]
name = "finetune"
classifier = {{ epochs = {epochs}, min_steps = 0 }}

"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes an experiment file of cells that take a moment each, and what is to be in it beside."""

    def write(more: str, name: str = "small", seeds: str = "[0, 1]", per_class: int = 20, epochs: int = 1) -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text(BASE.format(name=name, seeds=seeds, per_class=per_class, epochs=epochs) + more)
        return path

    return write


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, and without data sets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLTK_DATA_DIR", raising=False)


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What this process takes for the time, as far as leases and silence are concerned."""
    clock = Clock()
    for module in ("lease", "watch"):
        monkeypatch.setattr(f"cltk_studies.work.{module}.monotonic", clock)
    return clock


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def command_line(pid: object) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Command:
    """A command in a process group of its own, to be killed with all that it started."""

    def __init__(self, *args: object) -> None:
        command = [sys.executable, "-m", "cltk", *map(str, args)]
        variables = os.environ | {"COLUMNS": "1000"}
        self._errors = tempfile.NamedTemporaryFile()  # noqa: SIM115 - it is there as long as this object is
        self.process = subprocess.Popen(
            command, env=variables, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip

    @property
    def errors(self) -> str:
        """What is on its standard error so far."""
        return Path(self._errors.name).read_text()

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Waits until something is so, or the command has ended."""
        deadline = time.monotonic() + seconds
        while not condition() and self.process.poll() is None:
            assert time.monotonic() < deadline, "it takes too long"
            time.sleep(0.1)

    def kill(self, *, group: bool = True) -> None:
        """Kills it; with ``group``, and all its workers."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process.pid, signal.SIGKILL)
        if self.process.returncode is None:
            self.process.communicate()

    @property
    def workers(self) -> list[int]:
        """Its worker processes: copies of the command that it launched, or of itself where it is that command."""
        with suppress(OSError):
            launched = [child for child in children(self.process.pid) if " worker " in command_line(child)]
            parents = [self.process.pid] if " worker " in command_line(self.process.pid) else launched
            return [
                child for parent in parents for child in children(parent) if command_line(child) == command_line(parent)
            ]
        return []

    def close(self) -> None:
        """Ends it with all that it started, and forgets what it said."""
        self.kill()
        self._errors.close()

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self, seconds: float = 120) -> tuple[int, str, str]:
        """Waits for its end: exit status, standard output, standard error."""
        out, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, self.errors


@pytest.fixture
def start() -> Iterator[Callable[..., Command]]:
    """Starts commands; none outlives the test."""
    started: list[Command] = []

    def start(*args: object) -> Command:
        started.append(Command(*args))
        return started[-1]

    yield start
    for command in started:
        command.close()
