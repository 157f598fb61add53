"""Running the experiments of a study: anew, on from where they were cut off, or not at all where they are finished."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cltk.build import Prepared, prepare
from cltk.config import Experiment, Overrides, Settings, check
from cltk.errors import CltkError
from cltk.events import Event
from cltk.interfaces import Scenario, Sink
from cltk.machine import Machine
from cltk.record import Record
from cltk.runs.runner import execute
from cltk.runs.sinks import Sinks

__all__ = ["Executor", "RunFailedError", "StopCheck"]

StopCheck = Callable[[], None]
"""Raises ``KeyboardInterrupt`` if the user wants to stop."""


class RunFailedError(CltkError):
    """A run of an item that did not end well."""


class _StopAsked(Sink):
    """Asks at each event of a run whether to stop."""

    def __init__(self, stop: StopCheck) -> None:
        super().__init__(Settings(), Path())
        self._stop = stop

    def observe(self, event: Event, record: Record) -> None:
        """Raises ``KeyboardInterrupt`` if the user wants to stop."""
        self._stop()


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs experiments for the items of a study.

    Attributes:
        store: Where records go.
        machine: Where and how to compute.
        stop: Is asked whether to stop, at each event of a run.
        scenarios: The data that is in memory already.
    """

    store: Path
    machine: Machine
    stop: StopCheck
    scenarios: dict[str, Scenario] = field(default_factory=dict)

    def prepare(self, experiment: Experiment) -> Prepared:
        """Prepares an experiment; data is read once."""
        return prepare(experiment, self.machine, self.scenarios)

    def run(self, experiment: Overrides, seed: int) -> Record:
        """Runs an experiment with one seed, or goes on with it, unless it is finished already.

        Raises:
            KeyboardInterrupt: The user wants to stop; the run can go on later.
            RunFailedError: The run failed.
            CltkError: The experiment cannot be run on this machine at all.
        """
        prepared = self.prepare(check(Experiment, experiment, "the study's experiment"))
        record = execute(prepared, seed, self.store, Sinks({"stop": _StopAsked(self.stop)}), resume=True)
        if record.status == "interrupted":
            raise KeyboardInterrupt
        if record.status != "finished":
            raise RunFailedError(record.error or record.status)
        return record
