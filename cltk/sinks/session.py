"""Running seeds one after the other, with everybody watching."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from cltk.build import Bench
from cltk.engine import Run, train
from cltk.errors import CltkError, StoreError
from cltk.events import Event, ReplayShown, TaskEnded
from cltk.record import Record, Status, read_record
from cltk.sinks.checkpoint import Checkpoint, Checkpoints
from cltk.sinks.folder import RunFolder
from cltk.sinks.interrupts import Interrupts
from cltk.sinks.marks import drop_complete_mark
from cltk.sinks.recorder import Recorder, new_record, run_id

__all__ = ["Sink", "execute", "unfinished"]

Sink = Callable[[Event, Record], None]
"""Observes an event, with the record as it stands after it."""


def execute(bench: Bench, seed: int, store: Path, sinks: Sequence[Sink] = (), resume: bool = False) -> Record:
    """Runs an experiment with one seed, and keeps what comes of it in a folder of ``store``.

    The record and a checkpoint are written after each task, so that an end at any moment loses one task at most. A run
    that diverges, is interrupted or meets a mistake in a component ends with a record that says so.

    Args:
        bench: The experiment.
        seed: The seed.
        store: The folder of all runs.
        sinks: Who observes.
        resume: Whether to go on from the newest checkpoint, if there is one, and to leave a finished run as it is.

    Raises:
        StoreError: The folder cannot be written.
    """
    path = store / run_id(bench, seed)
    checkpoints = Checkpoints(path)
    if resume and (finished := _finished(path)):
        return finished
    if not resume:
        checkpoints.clear()
        drop_complete_mark(path)
    run = bench.run(seed)
    recorder = _recorder(bench, run, checkpoints)
    folder = RunFolder(path)
    folder.save_record(recorder.record)
    status, error = _drive(run, recorder, folder, sinks)
    record = recorder.record.model_copy(update={"status": status, "error": error})
    folder.save_record(record)
    if status == "finished":
        checkpoints.clear()
    return record


def _drive(run: Run, recorder: Recorder, folder: RunFolder, sinks: Sequence[Sink]) -> tuple[Status, str | None]:
    """Trains to the end, or to whatever ends it; returns how it ended, and why if not well."""
    try:
        with Interrupts() as interrupts:
            for event in train(run, len(recorder.ended)):
                recorder.observe(event)
                _keep(event, run, recorder, folder)
                for sink in sinks:
                    sink(event, recorder.record)
                interrupts.check()
            folder.save_weights(run.strategy.parts.state_dict())
    except CltkError as failure:
        return "failed", str(failure)
    except Exception as failure:
        return "failed", f"{type(failure).__name__}: {failure} (see {folder.save_traceback()})"
    except KeyboardInterrupt:
        return "interrupted", "Interrupted by the user."
    return "finished", None


def _keep(event: Event, run: Run, recorder: Recorder, folder: RunFolder) -> None:
    """Writes down what an event leaves behind; the checkpoint first, so that the record never claims more than it."""
    match event:
        case ReplayShown():
            folder.save_replay(event)
        case TaskEnded():
            checkpoint = Checkpoint(run.strategy.state_dict(), recorder.record, recorder.ended)
            Checkpoints(folder.path).save(checkpoint)
            folder.save_record(recorder.record)


def unfinished(bench: Bench, seed: int, store: Path) -> int:
    """Number of tasks that an unfinished run of this experiment and seed has behind it; 0 where there is none."""
    checkpoint, _ = Checkpoints(store / run_id(bench, seed)).latest()
    return checkpoint.completed if checkpoint else 0


def _finished(path: Path) -> Record | None:
    """The record in a run's folder, if that run is finished."""
    try:
        record = read_record(path / "record.json")
    except StoreError:
        return None
    return record if record.status == "finished" else None


def _recorder(bench: Bench, run: Run, checkpoints: Checkpoints) -> Recorder:
    """The recorder of a run, and with a checkpoint the run itself, as they were then."""
    data_bytes = sum(bench.info.sizes) * bench.info.pixels
    checkpoint, problems = checkpoints.latest()
    if checkpoint is None:
        recorder = Recorder(new_record(bench, run), bench.metrics, data_bytes)
    else:
        run.strategy.load_state_dict({name: tensor.to(run.device) for name, tensor in checkpoint.state.items()})
        recorder = Recorder(checkpoint.record, bench.metrics, data_bytes, checkpoint.ended)
    for problem in problems:
        recorder.warn(problem)
    return recorder
