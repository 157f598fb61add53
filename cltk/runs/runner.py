"""Running one seed of an experiment, with everybody watching and everything kept."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cltk.build import Prepared
from cltk.engine import EpochDue, Trainer, load_state, state_of
from cltk.errors import CltkError, DivergenceError, NewerSchemaError, StoreError
from cltk.events import EpochEnded, Event, ReplayShown, TaskEnded
from cltk.processes.interrupts import Interrupts
from cltk.record import Record
from cltk.record_file import read_record
from cltk.runs.checkpoint import Checkpoint, Checkpoints, EpochCheckpoint
from cltk.runs.earlier import edited
from cltk.runs.folder import RunFolder
from cltk.runs.interval import MINUTE, Interval
from cltk.runs.measuring import remeasured
from cltk.runs.recorder import Recorder, new_record, run_id
from cltk.runs.sinks import Sinks

__all__ = ["Running", "Terms", "advance", "begin", "execute", "is_finished", "unfinished"]

Running = Generator[EpochDue, None, Record]
"""A run while it is carried out: each epoch before it is trained, and the record in the end."""


def execute(
    prepared: Prepared,
    seed: int,
    store: Path,
    sinks: Sinks | None = None,
    resume: bool = False,
    checkpoint_every: float = MINUTE,
    permit: Callable[[], None] = lambda: None,
) -> Record:
    """Runs an experiment with one seed, and keeps what comes of it in a folder of ``store``.

    The record and a checkpoint are written after each task, and a checkpoint in between where a task takes long, so
    that an end at any moment loses little. A run that diverges, is interrupted or meets a mistake in a component ends
    with a record that says so; where the folder cannot be written, it can go on later from what is there.

    Args:
        prepared: The experiment.
        seed: The seed.
        store: The folder of all runs.
        sinks: Are told what happens; those that failed are named in the record.
        resume: Whether to go on from the newest checkpoint, if there is one, and to leave a finished run as it is; its
            record is returned with the metrics that are asked for now.
        checkpoint_every: Least number of seconds between two checkpoints within a task; 0 for one after every epoch.
        permit: Called before anything is written; what it raises, unless an ``Exception``, ends the run as it is.

    Raises:
        StoreError: The folder cannot be written.
    """
    run = begin(prepared, seed, Terms(store, sinks or Sinks(), resume, checkpoint_every, permit))
    while isinstance(stage := advance(run), EpochDue):
        pass  # It is trained alone when the run goes on.
    return stage


def advance(run: Running, interrupt: KeyboardInterrupt | None = None) -> EpochDue | Record:
    """Carries out a run up to its next epoch, or to its end, which an interrupt brings about."""
    try:
        return next(run) if interrupt is None else run.throw(interrupt)
    except StopIteration as end:
        record: Record = end.value
        return record


@dataclass(frozen=True, slots=True)
class Terms:
    """How runs are carried out; see ``execute``."""

    store: Path
    sinks: Sinks
    resume: bool
    checkpoint_every: float
    permit: Callable[[], None] = lambda: None
    interrupts: Interrupts = field(default_factory=Interrupts)


def begin(prepared: Prepared, seed: int, terms: Terms) -> Running:
    """One run, from what is there of it to its record; ``advance`` carries it out."""
    path, sinks = terms.store / run_id(prepared, seed), terms.sinks
    checkpoints = Checkpoints(path)
    finished, problems = _finished(path)  # In any case: what a newer cltk has written stays.
    if not terms.resume:
        problems = []
        checkpoints.clear()
    elif finished:
        finished = remeasured(finished, prepared.build_metrics(), prepared.config["metrics"])
        sinks.finish(finished)
        return finished
    session = _open_session(prepared, seed, checkpoints, problems, RunFolder(path, terms.permit), terms)
    session.folder.save_record(session.recorder.record)
    outcome = yield from session.drive(sinks, terms.interrupts)
    record = session.recorder.record.model_copy(update=outcome | {"sink_failures": dict(sinks.failures)})
    session.folder.save_record(record)
    if record.finished:
        checkpoints.clear()
    return session.conclude(record, sinks)


def unfinished(prepared: Prepared, seed: int, store: Path) -> str | None:
    """Where an unfinished run of this experiment and seed was cut off, such as ``after task 2``; None without one."""
    checkpoints = Checkpoints(store / run_id(prepared, seed))
    checkpoint, _ = checkpoints.latest()
    completed = checkpoint.completed if checkpoint else 0
    progress, _ = checkpoints.progress(completed)
    if progress:
        return f"in task {completed + 1}"
    return f"after task {completed}" if completed else None


def is_finished(prepared: Prepared, seed: int, store: Path) -> bool:
    """Whether there is a finished run of this experiment and seed, whose record is whole."""
    return _finished(store / run_id(prepared, seed))[0] is not None


@dataclass(frozen=True, slots=True)
class _Session:
    """One run with its sinks."""

    trainer: Trainer
    recorder: Recorder
    folder: RunFolder
    checkpoints: Checkpoints
    interval: Interval
    permit: Callable[[], None]

    def drive(self, sinks: Sinks, interrupts: Interrupts) -> Generator[EpochDue, None, dict[str, Any]]:
        """Trains to the end, or to whatever ends it; returns the fields of the record that say how it ended."""
        try:
            with interrupts:
                for event in self.trainer.advance():
                    if isinstance(event, EpochDue):
                        yield from self._announced(event)
                        continue
                    self.recorder.observe(event)
                    self.permit()
                    self._keep(event)
                    sinks.observe(event, self.recorder.record)
                    if interrupts.came and isinstance(event, EpochEnded):
                        self._keep_progress()
                    interrupts.check()
                self.folder.save_weights(state_of(self.trainer.run.strategy))
        except StoreError:
            raise
        except CltkError as failure:
            return {"status": "failed", "error": str(failure), "diverged": isinstance(failure, DivergenceError)}
        except Exception as failure:
            where = [*getattr(failure, "__notes__", ()), f"see {self.folder.save_traceback()}"]
            return {"status": "failed", "error": f"{type(failure).__name__}: {failure} ({'; '.join(where)})"}
        except KeyboardInterrupt as interrupt:
            return {"status": "interrupted", "error": str(interrupt) or "Interrupted by the user."}
        return {"status": "finished"}

    def _announced(self, due: EpochDue) -> Iterator[EpochDue]:
        """Yields an epoch; what was trained before it is kept where it is not to be trained any more."""
        try:
            yield due
        except KeyboardInterrupt:
            if self.trainer.is_between_epochs:
                self._keep_progress()
            raise

    def conclude(self, record: Record, sinks: Sinks) -> Record:
        """Tells the sinks that the run has ended; returns its record, with those that fail at that named too."""
        sinks.finish(record)
        if sinks.failures != record.sink_failures:
            record = record.model_copy(update={"sink_failures": dict(sinks.failures)})
            self.folder.save_record(record)
        return record

    def _keep(self, event: Event) -> None:
        """Writes down what an event leaves behind; the checkpoint first, so that the record never claims more."""
        match event:
            case ReplayShown():
                self.folder.save_replay(event)
            case EpochEnded() if self.interval.due:
                self._keep_progress()
            case TaskEnded():
                state = state_of(self.trainer.run.strategy)
                record = self.recorder.record
                with self.interval.writing():
                    self.checkpoints.save(Checkpoint(state, record))
                if len(record.tasks) < len(record.classes):  # Else the run is about to end, with a record that says so.
                    self.folder.save_record(record)

    def _keep_progress(self) -> None:
        with self.interval.writing():
            self.checkpoints.save_progress(EpochCheckpoint(self.trainer.resume_point(), self.recorder.record))


def _open_session(
    prepared: Prepared,
    seed: int,
    checkpoints: Checkpoints,
    problems: Sequence[str],
    folder: RunFolder,
    terms: Terms,
) -> _Session:
    """A run from its start, or with a checkpoint as it was then; ``problems`` become warnings."""
    run = prepared.assemble(seed)
    learned, broken = checkpoints.latest()
    completed = learned.completed if learned else 0
    begun, broken_too = checkpoints.progress(completed)
    if learned:
        load_state(run.strategy, learned.state, learned.completed)
    newest, metrics = begun or learned, prepared.build_metrics()
    record = remeasured(newest.record, metrics, prepared.config["metrics"]) if newest else new_record(prepared, run)
    recorder = Recorder(record, metrics)
    mixed = [
        f"{changed} was edited in place while this run was under way: its tasks are of different code"
        for changed in edited(recorder.record, prepared)
    ]
    for problem in (*problems, *broken, *broken_too, *mixed):
        if problem not in recorder.record.warnings:
            recorder.warn(problem)
    trainer = Trainer(run, completed, begun.point if begun else None)
    return _Session(trainer, recorder, folder, checkpoints, Interval(terms.checkpoint_every), terms.permit)


def _finished(path: Path) -> tuple[Record | None, list[str]]:
    """The record in a run's folder, if that run is finished; and what is wrong with it if it is broken.

    Raises:
        NewerSchemaError: A newer cltk has written it; it must not be replaced.
    """
    file = path / "record.json"
    if not file.exists():
        return None, []
    try:
        record = read_record(file)
    except NewerSchemaError:
        raise
    except StoreError as error:
        return None, [error.problem]
    return (record if record.finished else None), []
