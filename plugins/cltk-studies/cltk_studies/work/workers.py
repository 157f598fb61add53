"""Who works on a study for the command that began it: this process itself, or workers that a launcher starts."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Protocol

from cltk.errors import CltkError, StoreError
from cltk.interfaces import Handle, Launcher, Scenario
from cltk.processes.interrupts import Interrupts
from cltk_studies.work.database import hide_password
from cltk_studies.work.queue import Queue
from cltk_studies.work.worker import Worker

__all__ = ["LaunchedWorkers", "OwnProcess", "Workers", "worker_command"]

_POLL = 0.2
"""Seconds between two looks at the queue."""

_OFTEN, _SELDOM = 10, 200
"""Looks at the queue for one at whether the workers are there still, and for one renewal of the lease."""

_LEASE = 180
"""Seconds that workers wait for more to do after this process has last said that more is to come: it may be killed."""

Look = Callable[[], bool]
"""Shows and publishes what has ended; returns whether anything is still under way."""


class Workers(Protocol):
    """Work on studies as long as a command asks for it."""

    def __enter__(self) -> Workers:
        """Starts them, before anything waits in the queue: that may take them seconds."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops them."""
        ...

    def run_until_done(self, study: str, look: Look) -> None:
        """Waits until nothing of a study is under way any more.

        Raises:
            KeyboardInterrupt: The user interrupted; what is under way is going back to the queue.
            CltkError: The study cannot be run on this machine, or no worker is left.
        """
        ...


class OwnProcess:
    """No workers but this process itself.

    Args:
        worker: What it does.
        scenarios: The data that is in memory.
    """

    def __init__(self, worker: Worker, scenarios: dict[str, Scenario]) -> None:
        self._worker, self._scenarios = worker, scenarios

    def __enter__(self) -> OwnProcess:
        """Does nothing: this process is here."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Does nothing."""

    def run_until_done(self, study: str, look: Look) -> None:
        """Works on the study."""
        worker = replace(self._worker, studies=(study,))
        with Interrupts() as interrupts:
            # A command that was killed may have left word that more is to come: that was of this study's command.
            worker.work(interrupts.check, self._scenarios, look, awaits_more=False)


class LaunchedWorkers:
    """Workers that a launcher starts, by whatever means.

    Args:
        launcher: The launcher.
        name: What it is called.
        worker: What each of them does.
        count: How many.
        queue: Where what was started is kept, for other processes to ask or stop.
    """

    def __init__(self, launcher: Launcher, name: str, worker: Worker, count: int, queue: Queue) -> None:
        self._launcher, self._name, self._queue = launcher, name, queue
        self._worker, self._count = worker, count
        self._handle: Handle | None = None

    def __enter__(self) -> LaunchedWorkers:
        """Starts them."""
        self._queue.hold(_LEASE)
        command = worker_command(self._worker)
        with _password_in_environment(self._worker.url):
            self._handle = self._launcher.start(command, self._count)
        self._queue.keep_launched(self._name, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops them."""
        assert self._handle is not None
        self._launcher.stop(self._handle)
        with suppress(StoreError):  # Workers elsewhere then wait in vain for a moment.
            self._queue.hold(0)

    def run_until_done(self, study: str, look: Look) -> None:
        """Looks at the queue now and then, until nothing is under way."""
        self._queue.hold(_LEASE)
        with Interrupts() as interrupts:
            for module in ("scipy.special", "cltk_studies.reports.report"):  # For the result: there is time now.
                importlib.import_module(module)
            looks = 0
            while look():
                interrupts.check()
                looks += 1
                if looks % _OFTEN == 0:
                    self._require_alive()
                if looks % _SELDOM == 0:
                    self._queue.hold(_LEASE)
                time.sleep(_POLL)

    def _require_alive(self) -> None:
        assert self._handle is not None
        if self._launcher.alive(self._handle) == 0:
            reason = self._launcher.reason(self._handle) or "they say nothing of it"
            raise CltkError(
                f"All workers ended before the study was done: {reason}",
                "Call the same command again: what is finished is kept. If memory ran out, use fewer workers.",
            )


def worker_command(worker: Worker) -> list[str]:
    """The command that does the work of a worker, without sinks: these are told by the process that coordinates.

    A password is not in it, as anybody on the machine may see it.
    """
    machine = worker.machine
    options: Sequence[tuple[str, object]] = (
        ("--store", worker.store),
        ("--study-db", None if _has_password(worker.url) else worker.url),
        ("--threads", machine.threads),
        ("--device", machine.device),
        ("--precision", machine.precision),
        ("--data-dir", machine.data_dir),
    )
    given = [part for name, value in options if value is not None for part in (name, str(value))]
    return [sys.executable, "-P", "-m", "cltk", "worker", *worker.studies, *given, "--sink", "none"]


def _has_password(url: str) -> bool:
    return hide_password(url) != url


@contextmanager
def _password_in_environment(url: str) -> Iterator[None]:
    """Lets what is started inside know the database by its environment, where its URL is not on the command line."""
    before = os.environ.get("CLTK_STUDY_DB")
    if not _has_password(url):
        yield
        return
    os.environ["CLTK_STUDY_DB"] = url
    try:
        yield
    finally:
        del os.environ["CLTK_STUDY_DB"]
        if before is not None:
            os.environ["CLTK_STUDY_DB"] = before
