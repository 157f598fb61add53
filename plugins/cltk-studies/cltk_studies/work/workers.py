"""Who works on a study for the command that began it: this process itself, or workers that a launcher starts."""

from __future__ import annotations

import importlib
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import Protocol, TypeVar

from cltk.addresses import without_secrets
from cltk.errors import CltkError, StoreError
from cltk.interfaces import Handle, Launcher, Scenario
from cltk.processes.interrupts import Interrupts
from cltk_studies.launchers.local import DETACHED, own_handle
from cltk_studies.work.persistence import Persistence, say
from cltk_studies.work.queue import Queue
from cltk_studies.work.stopping import StopWatch
from cltk_studies.work.waiting import SlowStart, Waiting
from cltk_studies.work.worker import Worker

__all__ = ["LaunchedWorkers", "OwnProcess", "Workers", "take_back_single", "worker_command"]

T = TypeVar("T")

_POLL = 0.2
"""Seconds between two looks at the queue."""

_OFTEN, _SELDOM = 10, 200
"""Looks at the queue for one at whether the workers are there still, and for one word that more is to come."""

_RESTARTS = 3
"""How often a worker that ended too early is started again, for each worker."""

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
        queue: Where it is kept that this process works, so that a later one can tell that it is dead.
    """

    def __init__(self, worker: Worker, scenarios: dict[str, Scenario], queue: Queue) -> None:
        self._worker, self._scenarios, self._queue = worker, scenarios, queue

    def __enter__(self) -> OwnProcess:
        """Does no more than to say that it is here."""
        Persistence()(lambda: self._queue.signals.keep_launch(self._worker.name, "local", own_handle()))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Says that it is no longer here."""
        with suppress(StoreError):
            self._queue.signals.forget_launch(self._worker.name)

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
        worker: What each of them does; its name begins the names of all.
        count: How many.
        queue: Where what was started is kept, for other processes to ask or stop.
        detached: Whether they are left at work, and nobody waits for them here.
    """

    def __init__(
        self, launcher: Launcher, name: str, worker: Worker, count: int, queue: Queue, detached: bool = False
    ) -> None:
        self._launcher, self._name, self._queue, self._detached = launcher, name, queue, detached
        self._worker, self._count = worker, count
        self._restarts = _RESTARTS * count
        self._handles: dict[str, Handle] = {}  # by launch
        self._answers = True

    def __enter__(self) -> LaunchedWorkers:
        """Starts them."""
        Persistence()(self._queue.signals.hold)
        self._start(self._worker.name, self._count)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops them, unless they are left at work."""
        if self._detached and error is None:
            self._queue.signals.release()
            return
        self._stop()
        with suppress(StoreError):  # Workers elsewhere then wait in vain for a moment.
            self._queue.signals.release()

    def run_until_done(self, study: str, look: Look) -> None:
        """Looks at the queue now and then, until nothing is under way."""
        if self._detached:
            return
        with Interrupts() as interrupts:
            persist = Persistence(interrupts.check)
            stop_watch = StopWatch(interrupts.check, lambda: [self._queue])
            persist(self._queue.signals.hold)
            for module in ("scipy.special", "cltk_studies.reports.report"):  # For the result: there is time now.
                importlib.import_module(module)
            waiting, slow_start = Waiting(), SlowStart(self._launcher)
            try:
                self._look_after(look, persist, stop_watch, waiting, slow_start)
            except KeyboardInterrupt:
                self._stop()  # Else they would go on while what came of the study is told.
                raise

    def _look_after(
        self, look: Look, persist: Persistence, stop_watch: StopWatch, waiting: Waiting, slow_start: SlowStart
    ) -> None:
        looks = 0
        while persist(look):
            stop_watch.check()
            looks += 1
            if looks % _OFTEN == 0:
                persist(lambda: self._replace_dead(stop_watch))
                if persist(lambda: waiting.explain([self._queue])):
                    persist(self._queue.signals.hold)  # Shows whether a full disk is what keeps workers silent.
                slow_start.explain(self._handles, self._queue)
            if looks % _SELDOM == 0:
                persist(self._queue.signals.hold)
            time.sleep(_POLL)

    def _stop(self) -> None:
        for launch in list(self._handles):
            self._end(launch, "it was stopped")

    def _start(self, launch: str, count: int) -> None:
        detached = [DETACHED] if self._detached else []
        command = [*worker_command(self._worker), "--launch", launch, *detached]
        self._launcher.folder.mkdir(parents=True, exist_ok=True)  # A launcher may count on it.
        with _secrets_in_environment(self._worker.study_db):
            handle = self._handles[launch] = self._launcher.start(command, count)
        try:
            Persistence()(lambda: self._queue.signals.keep_launch(launch, self._name, handle))
        except BaseException:
            self._launcher.stop(self._handles.pop(launch))  # Nobody could find them again.
            raise

    def _replace_dead(self, stop_watch: StopWatch) -> None:
        """Gives back what dead workers held, and starts others for them, unless too many have died.

        Raises:
            KeyboardInterrupt: They ended because the study was stopped.
            CltkError: None is left, and too many have ended.
        """
        alive = self._ask(self._launcher.alive)
        missing = self._count - sum(alive.values()) if alive else 0
        if missing <= 0:
            return
        stop_watch.hurry()
        stop_watch.check()
        ended, reasons = self._ask(self._launcher.ended), self._ask(self._launcher.reason)
        reason = next(filter(None, reasons.values()), "nothing is known of why")
        for launch, number in alive.items():
            take_back_single(self._queue, launch, ended.get(launch, {}))
            if number == 0:
                self._end(launch, reasons.get(launch) or reason)
        if missing > self._restarts and not self._handles:
            raise CltkError(
                f"All workers ended before the study was done: {reason}",
                "Call the same command again: what is finished is kept. If memory ran out, use fewer workers.",
            )
        if missing <= self._restarts:
            self._restarts -= missing
            who = "1 worker" if missing == 1 else f"{missing} workers"
            say(f"{who} ended before the study was done; started again: {reason}")
            self._start(uuid.uuid4().hex, missing)

    def _ask(self, question: Callable[[Handle], T]) -> dict[str, T]:
        """What the launcher answers of each launch; nothing where it cannot just now, as the workers do without it."""
        try:
            answers = {launch: question(handle) for launch, handle in self._handles.items()}
        except CltkError as error:
            if self._answers:
                say(f"{error.problem.rstrip('.')}. The workers are left alone until it is known how they are.")
            self._answers = False
            return {}
        self._answers = True
        return answers

    def _end(self, launch: str, reason: str) -> None:
        try:
            self._launcher.stop(self._handles.pop(launch))
        except CltkError as error:  # What came of the study is still to be said.
            say(f"{error.problem.rstrip('.')}. Workers that cannot be stopped end when nothing is left to do.")
            return
        with suppress(StoreError):
            self._queue.take_back(launch, reason)
            self._queue.signals.forget_launch(launch)


def take_back_single(queue: Queue, launch: str, ended: Mapping[str, str]) -> None:
    """Takes back what single workers of a launch hold that are dead, each for its reason."""
    for number, reason in ended.items():
        queue.take_back(f"{launch}/{number}", reason)


def worker_command(worker: Worker) -> list[str]:
    """The command that does the work of a worker, without sinks: these are told by the process that coordinates.

    It may be executed in any folder of any machine, and no secret is in it, as anybody there may see it.
    """
    machine = worker.machine
    options: Sequence[tuple[str, object]] = (
        ("--store", worker.store.absolute()),
        ("--study-db", None if _has_secrets(worker.study_db) else worker.study_db),
        ("--threads", machine.threads),
        ("--device", machine.device),
        ("--precision", machine.precision),
        ("--data-dir", machine.data_dir and machine.data_dir.absolute()),
    )
    given = [part for name, value in options if value is not None for part in (name, str(value))]
    return [sys.executable, "-P", "-m", "cltk", "worker", *worker.studies, *given, "--sink", "none"]


def _has_secrets(url: str) -> bool:
    return without_secrets(url) != url


@contextmanager
def _secrets_in_environment(url: str) -> Iterator[None]:
    """Lets what is started inside know the database by its environment, where its URL is not on the command line."""
    before = os.environ.get("CLTK_STUDY_DB")
    if not _has_secrets(url):
        yield
        return
    os.environ["CLTK_STUDY_DB"] = url
    try:
        yield
    finally:
        del os.environ["CLTK_STUDY_DB"]
        if before is not None:
            os.environ["CLTK_STUDY_DB"] = before
