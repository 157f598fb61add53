"""The sink that sends runs and studies to MLflow while they go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from cltk.config import Settings
from cltk.events import Event, RunStarted, TaskEnded
from cltk.interfaces import RunGroup, Sink, Summary
from cltk.processes.background import BackgroundProcess
from cltk.record import Record
from cltk_mlflow.receipt import forget_if_complete
from cltk_mlflow.tracker import RunTracker

__all__ = ["MlflowSink"]


class MlflowSink(Sink):
    """Has everything written to MLflow by another process, in the order in which it happened.

    Whatever the server does, the runs go on: after the first failure nothing more is sent, and a notice says how to
    upload the records later.
    """

    class Config(Settings):
        """Where runs are tracked."""

        tracking_uri: str | None = Field(None, description="MLflow server or database; by default, one in the store")

    config: Config

    def __init__(self, config: Config, store: Path) -> None:
        super().__init__(config, store)
        self._process: BackgroundProcess[RunTracker] | None = None

    def begin_group(self, group: RunGroup) -> None:
        """Sends the beginning of a group, in whose time the process that writes is started."""
        if self._process is None:
            self._process = BackgroundProcess(RunTracker, self.store, self.config.tracking_uri)
        self._process.submit(RunTracker.begin_group, group)

    def observe(self, event: Event, record: Record) -> None:
        """Sends the beginning of a run and the end of each task."""
        if self._process is None:
            return
        match event:
            case RunStarted():
                if not event.goes_on:
                    # Not in the other process, which may fail: 'cltk sync' would take this run for the one before.
                    forget_if_complete(self.store / record.run_id)
                self._process.submit(RunTracker.start, record, time.time(), event.goes_on)
            case TaskEnded():
                self._process.submit(RunTracker.log_task, record, event.task + 1)

    def finish(self, record: Record) -> None:
        """Sends the end of a run."""
        if self._process:
            self._process.submit(RunTracker.finish, record)

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        """Sends what the runs of a group say together."""
        if self._process:
            self._process.submit(RunTracker.finish_group, group, records, summary, files)

    def close(self) -> Sequence[str]:
        """Waits until everything is written; says what did not arrive."""
        problem = self._process.close() if self._process else None
        if problem is None:
            return []
        later = f"The records are kept in '{self.store}'; 'cltk sync --store {self.store}' uploads them later."
        return [f"{problem.rstrip('.')}. {later}"]
