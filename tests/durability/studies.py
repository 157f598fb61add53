"""Studies whose workers, machines, disks and servers fail at random: each has to end as if nothing had happened.

    python -m tests.durability.studies [--studies 20] [--seed 0] [--study-db folder|postgresql]

A study has 12 cells, 4 workers and leases of a few seconds. While it goes on, in an order that the seed decides,
workers are killed (SIGKILL) and suspended for two leases (SIGSTOP), the command is killed with all that it started and
called again on a machine of another name, its disk is full for 30 s, and its PostgreSQL is gone for 60 s. It has to end
with status 0 and each cell finished once. Mounting a disk and naming a machine take root.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from random import Random
from typing import Any

import optuna

from cltk.errors import CltkError
from cltk_studies.work.database import open_database
from tests.servers import Postgres

__all__ = ["TROUBLES", "may_mount", "torment"]

LEASE = 5
TROUBLES = ("kill", "kill", "suspend", "suspend", "rename", "full disk", "server gone")
PATIENCE = 900.0
"""Seconds within which a study has to end, on a machine that is busy with others."""

_CONTAINER = ("unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc")
_NAME = "tormented"
_STUDY = f"""
name = "{_NAME}"
description = "Twelve cells of some seconds"
seeds = [0, 1]

[scenario]
name = "split-digits"
per_class = 20

[strategy]
name = "finetune"
classifier = {{ epochs = 150, min_steps = 0 }}

[ablate.axes]
"strategy.classifier.lr" = [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]
"""


class _Study:
    """A study that is worked on by a command.

    Args:
        folder: Where its file and its disk are.
        study_db: Where it is kept; None for the folder of its records.
    """

    def __init__(self, folder: Path, study_db: str | None) -> None:
        self.file, self.store = folder / f"{_NAME}.toml", folder / "disk" / "runs"
        self.where = study_db or str(self.store)
        self.file.write_text(_STUDY)
        self._out, self._err = folder / "out", folder / "err"
        self._command: subprocess.Popen[bytes] | None = None

    def begin(self, host: str) -> None:
        """Calls the command on a machine of this name."""
        options = ["--store", self.store, "--study-db", self.where, "--sink", "none", "--json"]
        options += ["--workers", 4, "--lease", LEASE, "--max-losses", 50]
        command = [sys.executable, "-m", "cltk", "ablate", *map(str, [self.file, *options])]
        with self._out.open("wb") as out, self._err.open("ab") as err:
            self._command = subprocess.Popen(
                [*_CONTAINER, "sh", "-c", 'hostname "$0" && exec "$@"', host, *command],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip

    @property
    def status(self) -> int | None:
        """Of the command, once it has ended."""
        assert self._command is not None
        return self._command.poll()

    def kill(self) -> None:
        """Kills the command and all that it started, as the end of a machine does."""
        assert self._command is not None
        self._command.kill()
        self._command.wait()
        while self.workers:  # The system takes a moment to end them.
            time.sleep(0.05)

    @property
    def workers(self) -> list[int]:
        """The processes of its workers."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = path.read_bytes().decode().split("\0")
                if "worker" in words and _NAME in words and str(self.store) in words:
                    found.append(int(path.parent.name))
        return sorted(found)

    @property
    def said(self) -> str:
        """All that the commands and the workers have said."""
        logs = [path.read_text() for path in self.store.glob(f"studies/{_NAME}/*.log")]
        return "".join([self._err.read_text(), *logs])

    def counts(self, state: str) -> Counter[str]:
        """How many trials of each item are in a state."""
        with suppress(CltkError, KeyError):
            database = open_database(self.where, is_there=True)
            try:
                study = optuna.load_study(study_name=_NAME, storage=database.backend)
                trials = study.get_trials(states=(optuna.trial.TrialState[state],))
                return Counter(trial.user_attrs["key"] for trial in trials)
            finally:
                database.disconnect()
        return Counter()

    def differences(self) -> list[str]:
        """What is not as it should be, now that the command has ended."""
        if self.status != 0:
            return [f"exit status {self.status}: {self.said[-2000:]}"]
        finished, done = json.loads(self._out.read_bytes())["finished"], self.counts("COMPLETE")
        wrong = [f"'{key}' was finished {count} times" for key, count in done.items() if count > 1]
        wrong += [f"{finished} of 12 are in the report"] * (finished != 12) + [f"{len(done)} items"] * (len(done) != 12)
        return wrong + ["it failed where it should not have"] * ("where it should not have" in self.said)


def may_mount() -> bool:
    """Whether this user may mount disks and name machines."""
    return not os.geteuid() and not subprocess.run([*_CONTAINER, "true"], check=False, capture_output=True).returncode


def torment(folder: Path, seed: int, server: Postgres | None) -> tuple[list[str], list[str]]:
    """Begins a study, and lets all go wrong.

    Returns:
        What went wrong outside of it, in order, and what is not as it should be.
    """
    chance = Random(seed)  # noqa: S311 - not a secret
    troubles = [each for each in TROUBLES if server or each != "server gone"]
    chance.shuffle(troubles)
    met = []
    with _disk(folder / "disk"), server.database() if server else nullcontext() as url:
        study = _Study(folder, url)
        study.begin("machine-0")
        try:
            for number, trouble in enumerate(troubles[: chance.randint(3, len(troubles))]):
                _await_work(study)
                time.sleep(chance.uniform(0, 4))
                if study.status is not None:
                    break
                met.append(trouble)
                _meet(trouble, study, chance, server, f"machine-{number + 1}")
            _await_end(study)
            return met, study.differences()
        finally:
            study.kill()


def _meet(trouble: str, study: _Study, chance: Random, server: Postgres | None, host: str) -> None:
    workers = study.workers
    victim = chance.choice(workers) if workers else None
    match trouble:
        case "kill" if victim:
            _send(victim, signal.SIGKILL)
        case "suspend" if victim:
            _send(victim, signal.SIGSTOP)
            time.sleep(2 * LEASE)
            _send(victim, signal.SIGCONT)
        case "rename":
            study.kill()
            study.begin(host)
        case "full disk":
            filler = _fill(study.store.parent)
            time.sleep(30)
            filler.unlink()
        case "server gone" if server:
            server.stop()
            time.sleep(60)
            server.start()


def _send(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def _await_work(study: _Study) -> None:
    """Waits until workers do a cell, or the command has ended; one that only begins finds a server or refuses to."""
    deadline = time.monotonic() + PATIENCE
    while not (study.workers and study.counts("RUNNING")) and study.status is None and time.monotonic() < deadline:
        time.sleep(0.5)


def _await_end(study: _Study) -> None:
    deadline = time.monotonic() + PATIENCE
    while study.status is None and time.monotonic() < deadline:
        time.sleep(0.5)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Mounts a disk of eight megabytes."""
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def _fill(disk: Path) -> Path:
    """Leaves no room on a disk; removing the file makes some."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return path


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--study-db", choices=["folder", "postgresql"], default="folder")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    right = 0
    with tempfile.TemporaryDirectory() as root, _server(options.study_db, Path(root)) as server:
        for seed in range(options.seed, options.seed + options.studies):
            folder = Path(root) / str(seed)
            folder.mkdir()
            begun = time.monotonic()
            met, differences = torment(folder, seed, server)
            right += not differences
            said = "; ".join(differences) or "each cell once"
            print(f"study {seed}, {time.monotonic() - begun:.0f} s, {', '.join(met)}: {said}", flush=True)
    print(f"{right} of {options.studies} studies in a {options.study_db} ended with each cell once")
    return int(right < options.studies)


@contextmanager
def _server(kind: str, folder: Path) -> Iterator[Any]:
    if kind == "folder":
        yield None
        return
    with Postgres() as server:
        yield server


if __name__ == "__main__":
    sys.exit(main())
