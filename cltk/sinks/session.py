"""Running seeds one after the other, with everybody watching."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cltk.build import Bench
from cltk.engine import train
from cltk.errors import CltkError
from cltk.events import Event, ReplayShown, TaskEnded
from cltk.record import Record, Status
from cltk.sinks.folder import RunFolder
from cltk.sinks.recorder import Recorder, new_record

__all__ = ["Sink", "execute"]

Sink = Callable[[Event, Record], None]
"""Observes an event, with the record as it stands after it."""


def execute(bench: Bench, seed: int, store: Path, sinks: Sequence[Sink] = ()) -> Record:
    """Runs an experiment with one seed, and keeps what comes of it in a folder of ``store``.

    The record is written after each task, so that an end at any moment loses one task at most. A run that diverges, is
    interrupted or meets a mistake in a component ends with a record that says so.

    Raises:
        StoreError: The folder cannot be written.
    """
    run = bench.run(seed)
    recorder = Recorder(new_record(bench, run), bench.metrics, data_bytes=sum(bench.info.sizes) * bench.info.pixels)
    folder = RunFolder(store / recorder.record.run_id)
    folder.save_record(recorder.record)
    status: Status = "finished"
    error = None
    try:
        for event in train(run):
            recorder.observe(event)
            if isinstance(event, ReplayShown):
                folder.save_replay(event)
            if isinstance(event, TaskEnded):
                folder.save_record(recorder.record)
            for sink in sinks:
                sink(event, recorder.record)
        folder.save_weights(run.strategy.state_dict())
    except CltkError as failure:
        status, error = "failed", str(failure)
    except Exception as failure:
        status, error = "failed", f"{type(failure).__name__}: {failure} (see {folder.save_traceback()})"
    except KeyboardInterrupt:
        status, error = "interrupted", "Interrupted by the user."
    record = recorder.record.model_copy(update={"status": status, "error": error})
    folder.save_record(record)
    return record
