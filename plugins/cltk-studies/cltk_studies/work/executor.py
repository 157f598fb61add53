"""Running the experiments of a study: anew, on from where they were cut off, or not at all where they are finished."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cltk.build import Prepared, prepare
from cltk.config import Overrides, Settings, check
from cltk.errors import CltkError
from cltk.events import Event
from cltk.experiment import Experiment
from cltk.interfaces import Scenario, Sink
from cltk.machine import Machine
from cltk.processes.interrupts import Interrupt
from cltk.record import Record
from cltk.runs.claim import claimed
from cltk.runs.recorder import run_id
from cltk.runs.runner import execute
from cltk.runs.sinks import Sinks
from cltk_studies.work.lease import Lease
from cltk_studies.work.persistence import Persistence

__all__ = ["Executor", "RunFailedError", "StopCheck"]

StopCheck = Callable[[], None]
"""Raises ``KeyboardInterrupt`` if the user wants to stop."""


class RunFailedError(CltkError):
    """A run of an item that did not end well.

    Args:
        problem: Why.
        advice: What to do about it.
        may_pass: Whether it might end well another time: a run that diverged would diverge again.
    """

    def __init__(self, problem: str, advice: str = "", *, may_pass: bool = False) -> None:
        super().__init__(problem, advice)
        self.may_pass = may_pass


class _StopAsked(Sink):
    """Asks at each event of a run whether to stop."""

    def __init__(self, stop: StopCheck) -> None:
        super().__init__(Settings(), Path())
        self._stop = stop

    def observe(self, event: Event, record: Record) -> None:
        """Raises ``Interrupt`` if the user wants to stop."""
        try:
            self._stop()
        except KeyboardInterrupt as asked:
            raise Interrupt(*asked.args) from None  # Any other would count as a failure of this sink.


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs experiments for the items of a study.

    Attributes:
        store: Where records go.
        machine: Where and how to compute.
        stop: Is asked whether to stop, at each event of a run.
        scenarios: The data that is in memory already.
        permit: Called before anything is written; raises ``LeaseLostError`` where somebody else has the item.
        sinks: Are told of the runs, by their names.
    """

    store: Path
    machine: Machine
    stop: StopCheck
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    permit: Callable[[], None] = lambda: None
    sinks: Mapping[str, Sink] = field(default_factory=dict)

    def holding(self, lease: Lease, position: Sink) -> Executor:
        """The same for one item, whose position is kept by a sink."""
        return replace(self, permit=lease.confirm, sinks={"position": position})

    def prepare(self, experiment: Experiment) -> Prepared:
        """Prepares an experiment; data is read once."""
        return prepare(experiment, self.machine, self.scenarios)

    def run(self, experiment: Overrides, seed: int) -> Record:
        """Runs an experiment with one seed, or goes on with it, unless it is finished already.

        One that a command outside the study is doing is waited for. Where the store cannot be written, it is tried
        again for a while, and goes on from what is there.

        Raises:
            KeyboardInterrupt: The user wants to stop; the run can go on later.
            LeaseLostError: Somebody else has the item by now; nothing more was written.
            RunFailedError: The run failed.
            CltkError: The experiment cannot be run on this machine at all, or the store fails for long.
        """
        prepared = self.prepare(check(Experiment, experiment, "the study's experiment"))

        def run() -> Record:
            sinks = Sinks({"stop": _StopAsked(self.stop), **self.sinks})
            # Shared, as a worker that was suspended may hold its claim still when another has its lease.
            with claimed([self.store / run_id(prepared, seed)], shared=True):
                return execute(prepared, seed, self.store, sinks, resume=True, permit=self.permit)

        record = Persistence(self.stop)(run)
        if record.status == "interrupted":
            raise KeyboardInterrupt
        if record.status != "finished":
            raise RunFailedError(record.error or record.status, may_pass=not record.diverged)
        return record
