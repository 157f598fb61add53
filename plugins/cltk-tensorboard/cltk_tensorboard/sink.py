"""The sink that writes event files for TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field
from torch.utils.tensorboard import SummaryWriter

from cltk.config import Settings
from cltk.events import Event, TaskEnded
from cltk.interfaces import RunGroup, Sink, Summary
from cltk.record import Record

__all__ = ["TensorBoard"]


class TensorBoard(Sink):
    """Writes accuracy, losses and metrics of each run, and the means of each group."""

    class Config(Settings):
        """Where event files go."""

        folder: str = Field(default="tensorboard", description="folder of the event files, in that of all runs")

    config: Config

    def observe(self, event: Event, record: Record) -> None:
        """Writes what is known when a task is learned."""
        if isinstance(event, TaskEnded):
            self._write_tasks(record, [event.task])

    def finish(self, record: Record) -> None:
        """Writes the metrics; and all tasks of a run that took place elsewhere."""
        if not self._folder(record.run_id).exists():
            self._write_tasks(record, range(len(record.tasks)))
        with SummaryWriter(self._folder(record.run_id)) as writer:
            for name, value in record.metrics.items():
                writer.add_scalar(f"metrics/{name}", value, len(record.tasks))

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        """Writes the mean of each metric over the runs."""
        with SummaryWriter(self._folder(group.name)) as writer:
            for name, values in summary.items():
                writer.add_scalar(f"metrics/{name}", values["mean"], len(records))

    def _write_tasks(self, record: Record, tasks: Sequence[int]) -> None:
        with SummaryWriter(self._folder(record.run_id)) as writer:
            for task in tasks:
                for number, accuracy in enumerate(record.accuracy[task + 1], start=1):
                    writer.add_scalar(f"accuracy/task_{number}", accuracy, task + 1)
                writer.add_scalar("accuracy/seen", record.seen_accuracy(task + 1), task + 1)
            for step, epoch in enumerate(record.losses, start=1):
                if epoch.task in tasks and epoch.loss is not None:
                    writer.add_scalar(f"loss/{epoch.phase}", epoch.loss, step)

    def _folder(self, name: str) -> Path:
        return self.store / self.config.folder / name
