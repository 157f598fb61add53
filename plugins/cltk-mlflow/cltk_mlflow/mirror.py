"""Mirroring runs into MLflow while they go on."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from cltk.config import Experiment
from cltk.events import Event, RunStarted, TaskEnded
from cltk.processes.background import Background
from cltk.record import Record

__all__ = ["Mirror"]


class Mirror:
    """A sink that has everything written to MLflow by another process, in the order in which it happened.

    Whatever the server does, the runs go on: after the first failure nothing more is sent, and ``notices`` says how to
    upload the records later.

    Args:
        store: The folder of the runs, and of the MLflow store unless ``uri`` names another.
        uri: A tracking URI, or None.
        experiment: What is run, with how many seeds.
    """

    def __init__(self, store: Path, uri: str | None, experiment: Experiment) -> None:
        later = f"The records are kept in '{store}'; 'cltk sync --store {store}' uploads them later."
        self._background = Background(later, "cltk_mlflow.scribe:Scribe", store, uri, experiment.name, experiment.seeds)

    @property
    def notices(self) -> list[str]:
        """What the user should know, a sentence each; waits until everything is written."""
        return self._background.notices

    def __enter__(self) -> Mirror:
        """It is at work already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until everything is written, whatever went wrong meanwhile."""
        self._background.close()

    def __call__(self, event: Event, record: Record) -> None:
        """Mirrors the beginning of a run and the end of each task."""
        match event:
            case RunStarted():
                self._background.submit("start", record, time.time(), event.completed)
            case TaskEnded():
                self._background.submit("log_task", record, event.task + 1)

    def finish(self, record: Record) -> None:
        """Mirrors the end of a run; its folder must be complete."""
        self._background.submit("finish", record)

    def summarise(self, records: Sequence[Record], summary: Mapping[str, Mapping[str, float]]) -> None:
        """Mirrors the summary over the seeds, where there are several."""
        self._background.submit("summarise", records, summary)
