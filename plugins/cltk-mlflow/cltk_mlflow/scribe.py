"""Writing the runs of an experiment into MLflow, in the process that does so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cltk.record import Record
from cltk_mlflow.store import open_store
from cltk_mlflow.tracking import Tracker

__all__ = ["Scribe"]


class Scribe:
    """Writes the runs of one experiment, one after the other.

    Args:
        store: The folder of the runs, and of the MLflow store unless ``uri`` names another.
        uri: A tracking URI, or None.
        experiment: Its name.
        seeds: Of all its runs; several are grouped below a parent.

    Raises:
        StoreError: By each method too, when the store fails.
    """

    def __init__(self, store: Path, uri: str | None, experiment: str, seeds: Sequence[int]) -> None:
        self._store = store
        self._seeds = seeds
        self._tracker = Tracker(open_store(store, uri), experiment)
        self._parent: str | None = None
        self._current: tuple[str, str] = ("", "")  # the run's own id, and MLflow's

    def start(self, record: Record, started: float, completed: int) -> None:
        """Begins a run, or goes on with one that had learned the ``completed`` first tasks."""
        if len(self._seeds) > 1 and self._parent is None:
            self._parent = self._tracker.start_parent(record, self._seeds)
        folder = self._store / record.run_id
        continued = self._tracker.resume(folder, self._parent) if completed else None
        run_id = continued or self._tracker.start(record, folder, self._parent, started)
        self._current = (record.run_id, run_id)
        for learned in range(0 if continued is None else completed + 1, completed + 1):
            self._tracker.log_task(run_id, record, learned)

    def log_task(self, record: Record, learned: int) -> None:
        """Writes what is known when ``learned`` tasks are learned."""
        self._tracker.log_task(self._current[1], record, learned)

    def finish(self, record: Record) -> None:
        """Writes the end of a run, whose folder is complete."""
        mirrored, run_id = self._current
        if mirrored == record.run_id:  # Not so for a run that was finished before.
            self._tracker.finish(run_id, record, self._store / record.run_id)

    def summarise(self, records: Sequence[Record], summary: Mapping[str, Mapping[str, float]]) -> None:
        """Writes the summary over the seeds, where there are several."""
        if self._parent is not None:
            self._tracker.finish_parent(self._parent, records, summary)
