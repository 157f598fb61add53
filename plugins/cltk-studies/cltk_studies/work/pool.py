"""Several workers on one machine, each a process of its own."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from cltk.errors import CltkError
from cltk.interfaces import Scenario
from cltk.machine import Machine, device_of
from cltk.processes.entry_points import tolerate_malformed
from cltk.processes.interrupts import Interrupts, ignoring
from cltk_studies.work.database import StudyDatabase, open_database
from cltk_studies.work.jobs import job_of
from cltk_studies.work.queue import Queue
from cltk_studies.work.worker import Check, Workbench, work

__all__ = ["Order", "Pool", "conduct"]

_POLL = 0.5
"""Seconds between two looks at the workers."""

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

    def carry_out(self, scenarios: dict[str, Scenario], stop: Check, after: Callable[[], None] = lambda: None) -> None:
        """Works until nothing is left; see ``work``."""
        queue = Queue(open_database(self.store, self.storage, checked=True), self.study)
        work(queue, job_of(queue), Workbench(self.store, self.machine, stop, scenarios), after)


@dataclass(slots=True)
class _Member:
    """A worker: whether it is at work, why it could not carry out its last order, and whether it is dead."""

    process: Any
    pipe: Connection
    busy: bool = False
    error: CltkError | None = None
    lost: bool = False

    def send(self, order: Order | None) -> None:
        """Gives an order, or says that there are no more."""
        try:
            self.pipe.send(order)
            self.busy, self.error = order is not None, None
        except OSError:
            self.lost = True

    def listen(self) -> None:
        """Hears whether it is done, or dead."""
        try:
            if self.busy and self.pipe.poll():
                self.error = self.pipe.recv()
                self.busy = False
        except (EOFError, OSError):
            self.busy, self.lost = False, True


class Pool:
    """Workers that carry out one order after the other: processes of their own, or a single one, this process itself.

    They are started at once, before there is an order and before this process has threads: a worker is its copy, with
    everything imported and the data in memory, wherever such a copy is safe. They ignore Ctrl-C, and are told to stop
    instead.

    Args:
        workers: How many.
        machine: What they are going to compute with.
        scenarios: The data that is in memory.
        storage: Where their orders are going to be. It is open already, so that what they need for it is in memory too.
    """

    def __init__(self, workers: int, machine: Machine, scenarios: dict[str, Scenario], storage: StudyDatabase) -> None:
        self.scenarios = scenarios
        self._members: list[_Member] = []
        forks = workers > 1 and _may_fork(machine, storage)
        if forks:
            storage.disconnect()
        context: Any = multiprocessing.get_context("fork" if forks else "spawn")
        for number in range(workers if workers > 1 else 0):
            ours, theirs = context.Pipe()
            shared = ([ours, *(member.pipe for member in self._members)], scenarios) if forks else ([], {})
            arguments = (theirs, *shared)
            process = context.Process(target=_serve, args=arguments, name=f"worker-{number + 1}", daemon=True)
            with ignoring():
                process.start()
            theirs.close()
            self._members.append(_Member(process, ours))

    def __enter__(self) -> Pool:
        """They wait for orders already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Sends them home."""
        self.stop()

    def stop(self) -> None:
        """Tells them to stop, and sees to it that they do."""
        for member in self._members:
            member.send(None)
        for member in self._members:
            member.process.join(_PATIENCE)
            member.process.kill()
            member.process.join()

    @property
    def processes(self) -> list[int]:
        """The numbers of their processes."""
        return [member.process.pid for member in self._members]

    @property
    def is_single(self) -> bool:
        """Whether there is no worker but this process."""
        return not self._members

    @property
    def is_busy(self) -> bool:
        """Whether any of them is at work."""
        return any(member.busy for member in self._members)

    def begin(self, order: Order) -> None:
        """Gives all of them an order."""
        for member in self._members:
            member.send(order)

    def wait(self) -> None:
        """Waits for a moment, shorter where one of them is done or dies."""
        wait([member.pipe for member in self._members if member.busy], timeout=_POLL)
        for member in self._members:
            member.listen()

    def report(self) -> None:
        """Raises what went wrong, where nobody got to the end of the queue."""
        answers = [member.error for member in self._members if not member.lost]
        if None in answers:
            return
        for error in filter(None, answers):
            raise error
        for member in self._members:
            member.process.join(_PATIENCE)
        codes = ", ".join(str(member.process.exitcode) for member in self._members)
        raise CltkError(
            f"All workers ended before the study was done (exit status {codes}).",
            "Call the same command again: what is finished is kept. If memory ran out, use fewer workers.",
        )


def conduct(order: Order, pool: Pool, watch: Callable[[], None]) -> None:
    """Has an order carried out.

    Args:
        order: What to do.
        pool: Who does it.
        watch: Called now and then.

    Raises:
        KeyboardInterrupt: The user interrupted; what is under way is going back to the queue.
        CltkError: The study cannot be run on this machine, or every worker died.
    """
    with Interrupts() as interrupts:
        if pool.is_single:
            order.carry_out(pool.scenarios, interrupts.check, watch)
            return
        pool.begin(order)
        try:
            importlib.import_module("scipy.special")  # For the result; this process has time now.
            while pool.is_busy:
                interrupts.check()
                watch()
                pool.wait()
        except KeyboardInterrupt:
            pool.stop()
            raise
        watch()
        pool.report()


def _may_fork(machine: Machine, storage: StudyDatabase) -> bool:
    """Whether a copy of this process can compute: not of one with threads, as a proxy's client has, nor with a GPU.

    OpenMP, which may have threads here, survives in a copy that never uses more than one.
    """
    single = machine.threads == 1 and threading.active_count() == 1
    return sys.platform == "linux" and single and not storage.is_proxy and device_of(machine).type == "cpu"


def _serve(pipe: Connection, others: Sequence[Connection], scenarios: dict[str, Scenario]) -> None:
    """The life of a worker process.

    Args:
        pipe: Where orders come from, and answers go to: None, or why an order cannot be carried out.
        others: Ends of pipes that a copy must not keep open.
        scenarios: The data that is in memory.
    """
    tolerate_malformed()
    for other in others:
        other.close()
    stopping = threading.Event()
    orders: SimpleQueue[Order | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, orders, stopping), daemon=True).start()

    def stop() -> None:
        if stopping.is_set():
            raise KeyboardInterrupt

    while order := orders.get():
        pipe.send(_carry_out(order, scenarios, stop))
    os._exit(0)


def _listen(pipe: Connection, orders: SimpleQueue[Order | None], stopping: threading.Event) -> None:
    """Takes orders as they come, and word that there are no more."""
    order: Order | None
    while not stopping.is_set():
        try:
            order = pipe.recv()
        except (EOFError, OSError):
            os._exit(1)  # Whoever gave the orders is dead; runs can be cut off at any moment.
        if order is None:
            stopping.set()
        orders.put(order)


def _carry_out(order: Order, scenarios: dict[str, Scenario], stop: Check) -> CltkError | None:
    try:
        order.carry_out(scenarios, stop)
    except KeyboardInterrupt:
        os._exit(130)
    except CltkError as error:
        return error
    except Exception as error:  # A traceback is no use to a user; the other workers take over.
        return CltkError(f"A worker broke: {type(error).__name__}: {error}")
    return None
