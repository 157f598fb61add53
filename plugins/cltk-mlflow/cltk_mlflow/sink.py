"""The sink that sends runs and studies to MLflow while they go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import Field

from cltk.config import Settings
from cltk.events import Event, RunStarted, TaskEnded
from cltk.interfaces import RunGroup, Sink, Summary
from cltk.record import Record
from cltk_mlflow.background import BackgroundProcess
from cltk_mlflow.receipts import forget_if_complete, is_published, keep_published
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
        self._waiting: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        self._published: tuple[RunGroup, Sequence[Record]] | None = None

    def begin_group(self, group: RunGroup) -> None:
        """Sends the beginning of a group, in whose time the process that writes is started.

        That of a study waits for a run that ends: where none does, MLflow may have all of the study already.
        """
        if group.kind == "seeds":
            self._send(RunTracker.begin_group, group)
        else:
            self._send_later(RunTracker.begin_group, group, time.time())

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
        if self._process or self._waiting:
            self._send(RunTracker.finish, record, time.time())

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        """Sends what the runs of a group say together."""
        if group.kind == "study":
            self._finish_study(group, records, summary, files)
        elif self._process is None:
            self._send_later(RunTracker.finish_group, group, records, summary, files)
        else:
            self._send(RunTracker.finish_group, group, records, summary, files)

    def close(self) -> Sequence[str]:
        """Waits until everything is written; says what did not arrive."""
        try:
            problem = self._process.close() if self._process else None
        except KeyboardInterrupt:  # The process ends with this one.
            problem = "MLflow does not have everything, as it was not waited for"
        if problem is None:
            if self._published:
                keep_published(self.store, self.config.tracking_uri, *self._published)
            return []
        later = f"The records are kept in '{self.store}'; 'cltk sync --store {self.store}' uploads them later."
        return [f"{problem.rstrip('.')}. {later}"]

    def _finish_study(self, study: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        if self._process is None and is_published(self.store, self.config.tracking_uri, study, records):
            self._waiting.clear()
            return
        self._send(RunTracker.finish_group, study, records, summary, files, time.time())
        self._published = (study, records)

    def _send_later(self, method: Callable[..., object], *arguments: object) -> None:
        if self._process is None:
            self._waiting.append((method, arguments))
        else:
            self._process.submit(method, *arguments)

    def _send(self, method: Callable[..., object], *arguments: object) -> None:
        """Sends what waits, and then this."""
        if self._process is None:
            self._process = BackgroundProcess(RunTracker, self.store, self.config.tracking_uri)
        for waiting, those in self._waiting:
            self._process.submit(waiting, *those)
        self._waiting.clear()
        self._process.submit(method, *arguments)
