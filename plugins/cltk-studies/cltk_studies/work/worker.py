"""One worker: it takes items from the queue of a study until nothing is left, and pays its start-up costs once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cltk.build import prepare
from cltk.config import Experiment, Overrides, Settings, check
from cltk.errors import CltkError
from cltk.events import Event
from cltk.interfaces import Scenario, Sink
from cltk.machine import Machine
from cltk.record import Record
from cltk.runs.runner import execute
from cltk.runs.sinks import Sinks
from cltk_studies.work.queue import Queue

__all__ = ["Check", "Job", "RunFailedError", "Workbench", "work"]

Check = Callable[[], None]
"""Raises ``KeyboardInterrupt`` if the user wants to stop."""


class RunFailedError(CltkError):
    """A run of an item that did not end well."""


class _StopAsked(Sink):
    """Asks at each event of a run whether to stop."""

    def __init__(self, stop: Check) -> None:
        super().__init__(Settings(), Path())
        self._stop = stop

    def observe(self, event: Event, record: Record) -> None:
        """Raises ``KeyboardInterrupt`` if the user wants to stop."""
        self._stop()


@dataclass(frozen=True, slots=True)
class Workbench:
    """What a worker runs experiments with.

    Attributes:
        store: Where records go.
        machine: Where and how to compute.
        stop: Is asked whether to stop, at each event of a run.
        scenarios: The data that is in memory already.
    """

    store: Path
    machine: Machine
    stop: Check
    scenarios: dict[str, Scenario] = field(default_factory=dict)

    def run(self, experiment: Overrides, seed: int) -> Record:
        """Runs an experiment with one seed, or goes on with it, unless it is finished already.

        Raises:
            KeyboardInterrupt: The user wants to stop; the run can go on later.
            RunFailedError: The run failed.
            CltkError: The experiment cannot be run on this machine at all.
        """
        prepared = prepare(check(Experiment, experiment, "the study's experiment"), self.machine, self.scenarios)
        record = execute(prepared, seed, self.store, Sinks({"stop": _StopAsked(self.stop)}), resume=True)
        if record.status == "interrupted":
            raise KeyboardInterrupt
        if record.status != "finished":
            raise RunFailedError(record.error or record.status)
        return record


class Job(Protocol):
    """What there is to do for an item."""

    def __call__(self, trial: Any, workbench: Workbench) -> Sequence[float]:
        """Does it, and returns the values of the objectives.

        Raises:
            RunFailedError: It did not work out; the other items may.
        """
        ...


def work(queue: Queue, job: Job, workbench: Workbench, after: Callable[[], None] = lambda: None) -> None:
    """Works until nothing waits and nobody else is working any more: what another worker leaves behind is done too.

    Args:
        queue: The items.
        job: What to do for each.
        workbench: What to do it with.
        after: Called after each item.

    Raises:
        KeyboardInterrupt: The user wants to stop; the item under way is back in the queue.
        CltkError: The study cannot be run on this machine.
    """
    while True:
        workbench.stop()
        trial = queue.claim()
        if trial is None:
            if not queue.under_way():
                return
            time.sleep(queue.pause)
            continue
        with queue.kept(trial):
            try:
                values = job(trial, workbench)
            except RunFailedError as failure:
                queue.fail(trial, str(failure))
            else:
                queue.finish(trial, values)
        after()
