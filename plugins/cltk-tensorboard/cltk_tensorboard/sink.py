"""The sink that writes event files for TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field
from torch.utils.tensorboard import SummaryWriter

from cltk.config import Settings
from cltk.events import EpochEnded, Event, TaskEnded
from cltk.interfaces import Sink
from cltk.record import Record

__all__ = ["TensorBoardSink"]


class TensorBoardSink(Sink):
    """Writes the loss of each epoch, the accuracies after each task, and the metrics of a run that has ended."""

    class Config(Settings):
        """Where it writes."""

        folder: str = Field(default="tensorboard", description="folder of the event files, in that of all runs")

    config: Config

    def __init__(self, config: Config, store: Path) -> None:
        super().__init__(config, store)
        self._writers: dict[str, SummaryWriter] = {}

    def observe(self, event: Event, record: Record) -> None:
        """Writes the loss of an epoch, or the accuracies after a task."""
        if isinstance(event, EpochEnded) and event.loss is not None:
            self._writer(record).add_scalar(f"loss/{event.phase}", event.loss, len(record.losses))
        elif isinstance(event, TaskEnded):
            for task, accuracy in enumerate(event.accuracy[: event.task + 1], start=1):
                self._writer(record).add_scalar(f"accuracy/task {task}", accuracy, event.task + 1)

    def finish(self, record: Record) -> None:
        """Writes the metrics after each task, and closes the files of the run."""
        for name, curve in record.curves.items():
            for learned, value in enumerate(curve, start=1):
                if value is not None:
                    self._writer(record).add_scalar(f"metric/{name}", value, learned)
        self._writer(record).close()
        del self._writers[record.run_id]

    def close(self) -> Sequence[str]:
        """Closes what runs that were cut off left open."""
        while self._writers:
            self._writers.popitem()[1].close()
        return ()

    def _writer(self, record: Record) -> SummaryWriter:
        if record.run_id not in self._writers:
            self._writers[record.run_id] = SummaryWriter(self.store / self.config.folder / record.run_id)
        return self._writers[record.run_id]
