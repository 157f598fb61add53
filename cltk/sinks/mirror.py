"""Mirroring runs into MLflow while they go on, beside the training and never in its way."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from cltk.config import Experiment
from cltk.events import Event, RunStarted, TaskEnded
from cltk.record import Record
from cltk.sinks.background import Background

__all__ = ["Mirror"]


class Mirror:
    """A sink that writes to MLflow in one thread of its own, in the order in which things happened.

    Whatever the server does, the runs go on: after the first failure nothing more is sent, and ``notices`` says how to
    upload the records later.

    Args:
        store: The folder of the runs, and of the MLflow store unless ``uri`` names another.
        uri: A tracking URI, or None.
        experiment: What is run, with how many seeds.
    """

    def __init__(self, store: Path, uri: str | None, experiment: Experiment) -> None:
        self._store = store
        self._experiment = experiment
        self._uri = uri
        later = f"The records are kept in '{store}'; 'cltk sync --store {store}' uploads them later."
        self._background = Background(later)
        self.notices = self._background.notices
        self._parent: str | None = None
        self._current: tuple[str, str] = ("", "")  # the run's own id, and MLflow's
        self._background.submit(self._open)

    def __enter__(self) -> Mirror:
        """Nothing more to prepare."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until everything is written."""
        self._background.close()

    def __call__(self, event: Event, record: Record) -> None:
        """Mirrors the beginning of a run and the end of each task."""
        match event:
            case RunStarted():
                started = time.time()
                self._background.submit(lambda: self._start(record, started, event.completed))
            case TaskEnded():
                self._background.submit(lambda: self._tracker.log_task(self._current[1], record, event.task + 1))

    def finish(self, record: Record) -> None:
        """Mirrors the end of a run; its folder must be complete."""
        self._background.submit(lambda: self._finish(record))

    def summarise(self, records: Sequence[Record], summary: Mapping[str, Mapping[str, float]]) -> None:
        """Mirrors the summary over the seeds, where there are several, and waits until everything is written."""
        self._background.submit(lambda: self._end_parent(records, summary))
        self._background.close()

    def _open(self) -> None:
        from cltk.sinks.store import open_store
        from cltk.sinks.tracking import Tracker

        self._tracker = Tracker(open_store(self._store, self._uri), self._experiment.name)

    def _start(self, record: Record, started: float, completed: int) -> None:
        seeds = self._experiment.seeds
        if len(seeds) > 1 and self._parent is None:
            self._parent = self._tracker.start_parent(record, seeds)
        folder = self._store / record.run_id
        continued = self._tracker.resume(folder, self._parent) if completed else None
        run_id = continued or self._tracker.start(record, folder, self._parent, started)
        self._current = (record.run_id, run_id)
        for learned in range(0 if continued is None else completed + 1, completed + 1):
            self._tracker.log_task(run_id, record, learned)

    def _finish(self, record: Record) -> None:
        mirrored, run_id = self._current
        if mirrored == record.run_id:  # Not so for a run that was finished before.
            self._tracker.finish(run_id, record, self._store / record.run_id)

    def _end_parent(self, records: Sequence[Record], summary: Mapping[str, Mapping[str, float]]) -> None:
        if self._parent is not None:
            self._tracker.finish_parent(self._parent, records, summary)
