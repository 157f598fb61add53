"""Several workers on one machine, each a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any

import torch

from cltk.errors import CltkError
from cltk.interfaces import Scenario
from cltk.machine import Machine, device_of
from cltk.processes.entry_points import tolerate_malformed
from cltk.processes.interrupts import Interrupts, ignoring
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.executor import StopCheck
from cltk_studies.work.queue import Queue
from cltk_studies.work.worker import Worker

__all__ = ["Pool", "spread_over_gpus"]

_POLL = 0.5
"""Seconds between two looks at the workers."""

_PATIENCE = 60
"""Seconds that workers get to end cleanly."""


_RESTARTS = 3
"""How often a worker that died is replaced by a new process, for each worker."""


@dataclass(slots=True)
class _Member:
    """A worker: whether it is at work, why it could not go on, and whether it is dead."""

    worker: Worker
    process: Any
    pipe: Connection
    busy: bool = True
    error: CltkError | None = None
    lost: bool = False

    def listen(self) -> None:
        """Learns whether it is done, or dead."""
        try:
            if self.busy and self.pipe.poll():
                self.error = self.pipe.recv()
                self.busy = False
        except (EOFError, OSError):
            self.busy, self.lost = False, True

    def tell_to_stop(self) -> None:
        """Tells it to stop, if it is there to hear it."""
        try:
            self.pipe.send(None)
        except OSError:
            self.lost = True


class Pool:
    """Processes that each do the work of one worker.

    They start at once, and are to be made before this process has threads: each is a copy of it, with everything
    imported and the data in memory, wherever such a copy is safe. They ignore Ctrl-C, and are told to stop instead.

    Args:
        workers: One process each.
        scenarios: The data that is in memory.
        database: Where the studies are. It is open already, so that what workers need for it is in memory too.
    """

    def __init__(self, workers: Sequence[Worker], scenarios: dict[str, Scenario], database: StudyDatabase) -> None:
        self._database = database
        self._restarts = _RESTARTS * len(workers)
        self._members: list[_Member] = []
        forks = _may_fork(workers[0].machine, database)
        if forks:
            # A connection that two processes share would mix up what they say.
            database.disconnect()
        for worker in workers:
            self._start(worker, "fork" if forks else "spawn", scenarios if forks else {})

    def _start(self, worker: Worker, method: str, scenarios: dict[str, Scenario]) -> None:
        context: Any = multiprocessing.get_context(method)
        ours, theirs = context.Pipe()
        # A copy must close its copies of our ends, or no worker would notice that this process is dead.
        others = [ours, *(member.pipe for member in self._members)] if method == "fork" else []
        name = f"worker-{len(self._members) + 1}"
        process = context.Process(target=_serve, args=(worker, theirs, others, scenarios), name=name, daemon=True)
        with ignoring():
            process.start()
        theirs.close()
        self._members.append(_Member(worker, process, ours))

    def __enter__(self) -> Pool:
        """Does nothing: the workers were started in ``__init__``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops the workers."""
        self.stop()

    def stop(self) -> None:
        """Tells the workers to stop, and kills those that do not."""
        for member in self._members:
            member.tell_to_stop()
        for member in self._members:
            member.process.join(_PATIENCE)
            member.process.kill()
            member.process.join()

    @property
    def processes(self) -> list[int]:
        """The numbers of their processes."""
        return [member.process.pid for member in self._members]

    def run_until_done(self, watch: Callable[[], object] = lambda: None) -> None:
        """Waits until every worker has ended.

        Args:
            watch: Called now and then.

        Raises:
            KeyboardInterrupt: The user interrupted; what is under way is going back to the queue.
            CltkError: A study cannot be run on this machine, or every worker died.
        """
        with Interrupts() as interrupts:
            try:
                while any(member.busy for member in self._members):
                    interrupts.check()
                    watch()
                    self._wait()
            except KeyboardInterrupt:
                self.stop()
                raise
        watch()
        self._report()

    def _wait(self) -> None:
        """Waits for a moment, shorter where one of them is done or dies."""
        wait([member.pipe for member in self._members if member.busy], timeout=_POLL)
        for member in list(self._members):
            was_busy = member.busy
            member.listen()
            if was_busy and member.lost:
                self._replace(member)

    def _replace(self, member: _Member) -> None:
        """Gives back what a dead worker held, and starts another one, unless too many have died."""
        member.process.join(_PATIENCE)
        with suppress(CltkError):  # Else it is taken back when it has been silent for long.
            for study in member.worker.studies:
                Queue(self._database, study).take_back(member.worker.name, _describe_end(member.process.exitcode))
        if self._restarts > 0:
            self._restarts -= 1
            launch = member.worker.name.partition("/")[0]
            self._start(member.worker.launched_by(launch), "spawn", {})  # By now this process may have threads.

    def _report(self) -> None:
        """Raises what went wrong, where nobody got to the end."""
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


def spread_over_gpus(worker: Worker, count: int) -> list[Worker]:
    """``count`` workers with names of their own, which take turns on the GPUs where the machine has several."""
    workers = [worker.launched_by(worker.name) for _ in range(count)]
    gpus = torch.cuda.device_count() if worker.machine.device in ("auto", "cuda") else 0
    if gpus < 2:
        return workers
    return [
        replace(each, machine=replace(each.machine, device=f"cuda:{number % gpus}"))
        for number, each in enumerate(workers)
    ]


def _describe_end(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None or code >= 0:
        return f"it ended with status {code}"
    hint = ", perhaps for want of memory" if code == -signal.SIGKILL else ""
    return f"it was killed by {signal.Signals(-code).name}{hint}"


def _may_fork(machine: Machine, database: StudyDatabase) -> bool:
    """Whether a copy of this process can compute: not of one with threads, as a proxy's client has, nor with a GPU.

    OpenMP, which may have threads here, survives in a copy that never uses more than one.
    """
    single = machine.threads == 1 and threading.active_count() == 1
    return sys.platform == "linux" and single and not database.is_proxy and device_of(machine).type == "cpu"


def _serve(worker: Worker, pipe: Connection, others: Sequence[Connection], scenarios: dict[str, Scenario]) -> None:
    """The life of a worker process.

    Args:
        worker: What it does.
        pipe: Where it is told to stop, and answers when it has ended: None, or why it could not go on.
        others: Ends of pipes that a copy must not keep open.
        scenarios: The data that is in memory.
    """
    tolerate_malformed()
    if worker.machine.threads is not None:  # Before it computes: a copy has lost the threads that OpenMP counts on.
        torch.set_num_threads(worker.machine.threads)
    for other in others:
        other.close()
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(pipe, stopping), daemon=True).start()

    def stop() -> None:
        if stopping.is_set():
            raise KeyboardInterrupt

    pipe.send(_work(worker, stop, scenarios))
    os._exit(0)  # Threads of libraries are not worth waiting for.


def _listen(pipe: Connection, stopping: threading.Event) -> None:
    """Waits for word to stop; ends the process where whoever would give it is dead."""
    try:
        pipe.recv()
    except (EOFError, OSError):
        os._exit(1)  # Runs can be cut off at any moment.
    stopping.set()


def _work(worker: Worker, stop: StopCheck, scenarios: dict[str, Scenario]) -> CltkError | None:
    try:
        worker.work(stop, scenarios)
    except KeyboardInterrupt:
        os._exit(130)
    except CltkError as error:
        return error
    except Exception as error:  # A traceback is no use to a user; the other workers take over.
        return CltkError(f"A worker broke: {type(error).__name__}: {error}")
    return None
