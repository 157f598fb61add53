"""One worker: it takes items from the queues of studies until nothing is left, and pays its start-up costs once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cltk.config import check
from cltk.errors import CltkError, ConfigError
from cltk.experiment import Experiment
from cltk.interfaces import Scenario
from cltk.machine import Machine, usable_cores
from cltk_studies.work.database import StudyDatabase, reopen_database
from cltk_studies.work.executor import Executor, RunFailedError, StopCheck
from cltk_studies.work.jobs import Job, first_experiment, job_for
from cltk_studies.work.lease import LeaseLostError
from cltk_studies.work.persistence import Persistence, say
from cltk_studies.work.positions import Positions
from cltk_studies.work.queue import Queue
from cltk_studies.work.stopping import StopWatch
from cltk_studies.work.store_mark import mark_of
from cltk_studies.work.waiting import Waiting

__all__ = ["Worker", "read_data"]

_LONGEST_PAUSE = 0.5
"""Seconds between two looks at queues where nothing has waited for long."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker has to know, in whichever process it works.

    Attributes:
        studies: The names of the studies that it works on; all but the first may be begun later.
        store: Where records go.
        study_db: Where the studies are.
        machine: Where and how to compute.
        name: What it is called among all workers; it begins with what launched it.
    """

    studies: tuple[str, ...]
    store: Path
    study_db: str
    machine: Machine
    name: str = field(default_factory=lambda: uuid.uuid4().hex)

    def open(self) -> StudyDatabase:
        """Opens the database, which the command has opened before.

        Raises:
            StoreError: It cannot be reached; that may pass.
        """
        return reopen_database(self.study_db)

    def launched_by(self, launch: str) -> Worker:
        """The same with a name of its own that begins with what launched it."""
        return replace(self, name=f"{launch}/{uuid.uuid4().hex[:8]}")

    def work(
        self,
        stop: StopCheck,
        scenarios: dict[str, Scenario],
        after: Callable[[], object] = lambda: None,
        *,
        awaits_more: bool = True,
    ) -> None:
        """Works until nothing waits, nobody else is working any more, and nobody says that more is to come.

        What another worker leaves behind is done too.

        Args:
            stop: Is asked whether to stop, between items and at each event of a run.
            scenarios: The data that is in memory already.
            after: Called after each item.
            awaits_more: Whether to wait where somebody says that more is to come; not so for whoever says it.

        Raises:
            KeyboardInterrupt: The user wants to stop; the item under way is back in the queue.
            ConfigError: None of the studies is there.
            CltkError: A study cannot be run on this machine.
        """
        persist = Persistence(stop)
        database = persist(self.open)
        jobs: dict[str, tuple[Queue, Job, Executor]] = {}
        stop_watch = StopWatch(stop, lambda: [queue for queue, *_ in jobs.values()])
        executor = Executor(self.store, self.machine, stop_watch.check, scenarios)
        waiting = Waiting()
        pause = 0.0
        while True:
            stop_watch.check()
            persist(lambda: self._find_studies(database, jobs, executor))
            if any(self._take_item(*each, persist, stop_watch) for each in jobs.values()):
                pause = 0.0
                after()
                continue
            queues = [queue for queue, *_ in jobs.values()]
            if not persist(lambda: _is_open(queues, awaits_more)):  # noqa: B023 - it is called at once
                return
            waiting.explain(queues)
            pause = min(_LONGEST_PAUSE, pause + max(queue.pause for queue in queues))
            time.sleep(pause)

    def _find_studies(
        self, database: StudyDatabase, jobs: dict[str, tuple[Queue, Job, Executor]], executor: Executor
    ) -> None:
        """Finds those studies that are there by now: the first has to be, the others may be begun later."""
        for name in self.studies:
            if name in jobs:
                continue
            with suppress(*([ConfigError] if jobs else [])):
                queue = Queue(database, name)
                if queue.definition is not None or not jobs:
                    jobs[name] = queue, job_for(queue), replace(executor, machine=self._settled(queue))

    def _settled(self, queue: Queue) -> Machine:
        """Where and how to compute, as the study says."""
        machine = queue.settle(self.machine)
        if (machine.threads or 1) > usable_cores():
            say(f"'{queue.name}' computes with {machine.threads} threads, on {usable_cores()} allotted cores here.")
        return machine

    def _take_item(
        self, queue: Queue, job: Job, executor: Executor, persist: Persistence, stop_watch: StopWatch
    ) -> bool:
        """Does an item that waits; whether there was one."""
        lease = persist(lambda: queue.claim(self.name, mark_of(self.store)))
        if lease is None:
            return False
        try:
            with lease.kept(executor.stop), Positions(self.store, queue.name).kept(lease.name) as position:
                try:
                    values = job(lease.trial, executor.holding(lease, position))
                except RunFailedError as failure:
                    retry = failure.may_pass and lease.retries < queue.limits.retries
                    lease.fail(str(failure), retry=retry)
                    _stop_at_failures(queue)
                    stop_watch.hurry()
                else:
                    lease.finish(values)
        except LeaseLostError:
            say(f"'{lease.name}' was given to another worker, as this one had fallen silent; it goes on with the next.")
        return True


def read_data(worker: Worker) -> dict[str, Scenario]:
    """The data of a worker's first study, read before the worker is copied, with the components imported.

    What is wrong with the study is for the workers to say.
    """
    scenarios: dict[str, Scenario] = {}
    with suppress(CltkError):
        definition: Mapping[str, Any] | None = first_experiment(Queue(worker.open(), worker.studies[0]))
        if definition is not None:
            Executor(worker.store, worker.machine, lambda: None, scenarios).prepare(
                check(Experiment, dict(definition), "the study's experiment")
            )
    return scenarios


def _is_open(queues: Sequence[Queue], awaits_more: bool) -> bool:
    """Whether there is, or is going to be, something to do."""
    return any(queue.under_way() or (awaits_more and queue.signals.is_held) for queue in queues)


def _stop_at_failures(queue: Queue) -> None:
    """Stops a study that puts up with no more failures."""
    most = queue.limits.failures
    failed = sum(state.status == "failed" for state in queue.states().values())
    if most is not None and failed >= most:
        queue.signals.stop(f"{failed} failed, and the study was to stop at {most}")
