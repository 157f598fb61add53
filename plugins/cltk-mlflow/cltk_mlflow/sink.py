"""The sink that sends runs to MLflow while they go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from cltk.config import Settings
from cltk.events import Event, RunStarted, TaskEnded
from cltk.interfaces import RunGroup, Sink, Summary
from cltk.processes.background import Background
from cltk.record import Record
from cltk_mlflow.receipt import drop_complete_mark

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
        self._background: Background | None = None

    def begin_group(self, group: RunGroup) -> None:
        """Starts the process that writes."""
        later = f"The records are kept in '{self.store}'; 'cltk sync --store {self.store}' uploads them later."
        self._background = Background(
            later, "cltk_mlflow.scribe:Scribe", self.store, self.config.tracking_uri, group.name, group.seeds
        )

    def observe(self, event: Event, record: Record) -> None:
        """Sends the beginning of a run and the end of each task."""
        if self._background is None:
            return
        match event:
            case RunStarted():
                if not event.completed:
                    drop_complete_mark(self.store / record.run_id)
                self._background.submit("start", record, time.time(), event.completed)
            case TaskEnded():
                self._background.submit("log_task", record, event.task + 1)

    def finish(self, record: Record) -> None:
        """Sends the end of a run."""
        if self._background:
            self._background.submit("finish", record)

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        """Sends the summary over the seeds, where there are several."""
        if self._background:
            self._background.submit("summarise", records, summary)

    def close(self) -> Sequence[str]:
        """Waits until everything is written; says what did not arrive."""
        return self._background.notices if self._background else ()
