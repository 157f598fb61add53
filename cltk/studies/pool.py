"""Several workers on one machine, each a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import TracebackType
from typing import Any

from cltk.errors import CltkError
from cltk.machine import Machine
from cltk.sinks.interrupts import Interrupts
from cltk.studies.worker import POLL, Check, Workbench, work

__all__ = ["Order", "conduct"]

_PATIENCE = 60
"""Seconds that workers get to end cleanly."""


@dataclass(frozen=True, slots=True)
class Order:
    """All that a worker must know.

    Attributes:
        study: The name of the study.
        store: Where records go.
        storage: URL of Optuna's storage.
        machine: Where and how to compute.
    """

    study: str
    store: Path
    storage: str
    machine: Machine

    def carry_out(self, stop: Check, after: Callable[[], None] = lambda: None) -> None:
        """Works until nothing is left; see ``work``."""
        from cltk.studies.jobs import job_of
        from cltk.studies.queue import Queue
        from cltk.studies.storage import open_storage

        queue = Queue(open_storage(self.store, self.storage), self.study)
        work(queue, job_of(queue), Workbench(self.store, self.machine, stop), after)


def conduct(order: Order, workers: int, watch: Callable[[], None]) -> None:
    """Has an order carried out, by this process alone or by several others.

    Args:
        order: What to do.
        workers: Number of processes that do it.
        watch: Called now and then.

    Raises:
        KeyboardInterrupt: The user interrupted, and all that was under way is back in the queue.
        CltkError: The study cannot be run on this machine, or every worker died.
    """
    with Interrupts() as interrupts:
        if workers == 1:
            order.carry_out(interrupts.check, watch)
            return
        with _Pool(order, workers) as pool:
            while pool.is_alive:
                interrupts.check()
                watch()
                pool.wait()
            watch()
        pool.report()


class _Pool:
    """Worker processes. They ignore Ctrl-C, which reaches them on a terminal too, and are told to stop instead."""

    def __init__(self, order: Order, workers: int) -> None:
        spawn = multiprocessing.get_context("spawn")  # A fork would copy threads' locks, torch's among them.
        self._members: list[tuple[Any, Connection]] = []
        for number in range(workers):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_serve, args=(order, theirs), name=f"worker-{number + 1}", daemon=True)
            _start(process)
            theirs.close()
            self._members.append((process, ours))
        self._errors: list[CltkError] = []

    def __enter__(self) -> _Pool:
        """They are at work already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Tells them to stop, and sees to it that they do."""
        for _, pipe in self._members:
            try:
                pipe.send("stop")
            except OSError:
                continue
        for process, _ in self._members:
            process.join(_PATIENCE)
            process.kill()
            process.join()
        self._listen()

    @property
    def is_alive(self) -> bool:
        """Whether there is a worker left."""
        return any(process.is_alive() for process, _ in self._members)

    def wait(self) -> None:
        """Waits for a moment, shorter where a worker ends."""
        wait([process.sentinel for process, _ in self._members if process.is_alive()], timeout=POLL)
        self._listen()

    def report(self) -> None:
        """Raises what went wrong, where nobody got to the end of the queue."""
        if any(process.exitcode == 0 for process, _ in self._members):
            return
        if self._errors:
            raise self._errors[0]
        codes = ", ".join(str(process.exitcode) for process, _ in self._members)
        raise CltkError(
            f"All workers ended before the study was done (exit status {codes}).",
            "Call the same command again: what is finished is kept. If memory ran out, use fewer workers.",
        )

    def _listen(self) -> None:
        for _, pipe in self._members:
            try:
                while pipe.poll():
                    self._errors.append(pipe.recv())
            except (EOFError, OSError):
                continue


def _start(process: Any) -> None:
    """Starts a process that ignores Ctrl-C from its first moment on."""
    if threading.current_thread() is not threading.main_thread():
        process.start()
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(order: Order, pipe: Connection) -> None:
    """The life of a worker process."""
    stopping = threading.Event()

    def listen() -> None:
        try:
            pipe.recv()
        except (EOFError, OSError):
            os._exit(1)  # Whoever gave the order is dead; runs can be cut off at any moment.
        stopping.set()

    def stop() -> None:
        if stopping.is_set():
            raise KeyboardInterrupt

    threading.Thread(target=listen, daemon=True).start()
    try:
        order.carry_out(stop)
    except KeyboardInterrupt:
        os._exit(130)
    except CltkError as error:
        pipe.send(error)
        os._exit(error.exit_status)
    except Exception as error:  # A traceback is no use to a user; the other workers take over.
        pipe.send(CltkError(f"A worker broke: {type(error).__name__}: {error}"))
        os._exit(1)
