"""One worker: it takes items from the queues of studies until nothing is left, and pays its start-up costs once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.config import Experiment, check
from cltk.errors import CltkError, ConfigError
from cltk.interfaces import Scenario
from cltk.machine import Machine
from cltk_studies.work.database import StudyDatabase, open_database
from cltk_studies.work.executor import Executor, RunFailedError, StopCheck
from cltk_studies.work.jobs import Job, first_experiment, job_for
from cltk_studies.work.queue import Queue

__all__ = ["Worker", "read_data"]

_LONGEST_PAUSE = 0.5
"""Seconds between two looks at queues where nothing has waited for long."""


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker has to know, in whichever process it works.

    Attributes:
        studies: The names of the studies that it works on; all but the first may be begun later.
        store: Where records go.
        url: Of the studies' database.
        machine: Where and how to compute.
    """

    studies: tuple[str, ...]
    store: Path
    url: str
    machine: Machine

    def open(self) -> StudyDatabase:
        """Opens the database, which another process has opened before."""
        return open_database(self.store, self.url, checked=True)

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
        database = self.open()
        executor = Executor(self.store, self.machine, stop, scenarios)
        jobs: dict[str, tuple[Queue, Job]] = {}
        pause = 0.0
        while True:
            stop()
            self._find_studies(database, jobs)
            if any(_take_item(queue, job, executor) for queue, job in jobs.values()):
                pause = 0.0
                after()
                continue
            if not any(queue.under_way() or (awaits_more and queue.is_held) for queue, _ in jobs.values()):
                return
            pause = min(_LONGEST_PAUSE, pause + max(queue.pause for queue, _ in jobs.values()))
            time.sleep(pause)

    def _find_studies(self, database: StudyDatabase, jobs: dict[str, tuple[Queue, Job]]) -> None:
        """Finds those studies that are there by now: the first has to be, the others may be begun later."""
        for name in self.studies:
            if name in jobs:
                continue
            with suppress(*([ConfigError] if jobs else [])):
                queue = Queue(database, name)
                if queue.definition is not None or not jobs:
                    jobs[name] = queue, job_for(queue)


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


def _take_item(queue: Queue, job: Job, executor: Executor) -> bool:
    """Does the first item that waits; whether there was one."""
    trial = queue.claim()
    if trial is None:
        return False
    with queue.kept(trial):
        try:
            values = job(trial, executor)
        except RunFailedError as failure:
            queue.fail(trial, str(failure))
        else:
            queue.finish(trial, values)
    return True
