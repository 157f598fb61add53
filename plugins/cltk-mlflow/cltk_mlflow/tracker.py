"""Writing runs and groups of runs to MLflow, in the process that does so.

What MLflow has is made from records and run folders: nothing is in MLflow that is not in a folder first.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from cltk.errors import StoreError
from cltk.interfaces import RunGroup, Summary
from cltk.record import Record
from cltk_mlflow.experiment import MlflowExperiment, is_tracked
from cltk_mlflow.fields import (
    ATTEMPT_TAG,
    ENDED,
    RUN_TAG,
    cost_points,
    final_points,
    group_about,
    mean_curves,
    params,
    run_name,
    run_tags,
    summary_points,
    task_points,
)
from cltk_mlflow.receipts import Receipt, read_receipt, write_receipt
from cltk_mlflow.server import open_server
from cltk_mlflow.studies import StudyTracker

__all__ = ["RunTracker"]

_ROOM = 1 << 26
"""Bytes that a file of a run may have beyond what its record says of the run: texts, and samples that are shown."""


class RunTracker:
    """Writes what a sink is told; every method but the first is called after ``begin_group``.

    Args:
        store: The folder of the runs, and of the database unless ``tracking_uri`` names another.
        tracking_uri: A tracking URI, or None.

    Raises:
        StoreError: By each method too, when the server fails.
    """

    def __init__(self, store: Path, tracking_uri: str | None = None) -> None:
        self._store = store
        self._server = open_server(store, tracking_uri)
        self._study: StudyTracker | None = None

    def begin_group(self, group: RunGroup, started: float | None = None) -> None:
        """Begins the seeds of an experiment, a study, or a cell of the study.

        What is said here comes late, as MLflow is slow to start: times are those of the process that says it.

        Args:
            group: What begins.
            started: When a study began, in seconds since the epoch; now by default.
        """
        if group.kind == "cell" and self._study:
            self._study.begin_cell(group)
        elif group.kind == "study":
            self._study = StudyTracker(self._server, group, started)
        else:
            self._study = None
            self._group = group
            self._experiment = MlflowExperiment(self._server, group.name, group_about(group))
            self._experiment.describe(group.description)
            self._parent_id: str | None = None
            self._parent_ended: float | None = None
            self._parent_before: str | None = None  # what the receipts of runs that ended earlier say it was
            self._open: dict[str, str] = {}  # MLflow's ids of the runs under way, by their own

    def start(self, record: Record, started: float, goes_on: bool = False) -> str:
        """Begins a run, or goes on with one that was cut off; returns MLflow's id.

        Args:
            record: The run as far as it is known: configuration, seed, plugins.
            started: When it began, in seconds since the epoch.
            goes_on: Whether it was cut off, after the tasks that its record has.
        """
        parent_id = self._parent(record, started)
        continued = self._continue(record, parent_id) if goes_on else None
        run_id = continued or self._create(record, parent_id, started)
        self._open[record.run_id] = run_id
        return run_id

    def log_task(self, record: Record, learned: int) -> None:
        """Writes, in one call, what is known when ``learned`` tasks are learned."""
        self._experiment.log(self._open[record.run_id], task_points(record, learned), tags=_warning_tags(record))

    def finish(self, record: Record, ended: float | None = None) -> None:
        """Writes the end of a run, whose folder is complete; all of it where MLflow has not got it yet.

        Args:
            record: The run.
            ended: When it ended, in seconds since the epoch, unless that was before this command; now by default.
        """
        if self._study:
            self._study.finish(record)
        elif record.run_id in self._open:
            self._end(record, ended or time.time())
        elif self.has_arrived(record):
            receipt = self._receipt(record)
            self._parent_before = self._parent_before or (receipt.parent_id if receipt else None)
        else:
            ended = (self._store / record.run_id / "record.json").stat().st_mtime
            started = ended - record.seconds.get("total", 0)
            self._open[record.run_id] = self._create(record, self._parent(record, started), started)
            self._end(record, ended)

    def has_arrived(self, record: Record) -> bool:
        """Whether all of a run that ended earlier is on this server, on its own or as part of a study."""
        try:
            receipt = read_receipt(self._store / record.run_id)
        except StoreError:
            return False
        if receipt is None or not receipt.complete:
            return False
        # A store that was moved names the place where its database was; a receipt names the last of several servers.
        return receipt.is_from(self._server.name) or is_tracked(self._server, record.run_id, ENDED[record.status])

    def finish_group(
        self,
        group: RunGroup,
        records: Sequence[Record],
        summary: Summary,
        files: Path | None,
        ended: float | None = None,
    ) -> None:
        """Writes what the runs of a group say together, and ends the MLflow run that stands for it, if there is one.

        Args:
            group: What ends.
            records: Its runs.
            summary: What they say together.
            files: A folder with what else there is to keep, or None.
            ended: When a study ended, in seconds since the epoch; now by default.
        """
        if self._study:
            self._study.finish_group(group, records, summary, files, ended)
        elif self._parent_id is not None:
            from cltk_figures.artifacts import cell_description

            self._experiment.mean_matrix(self._parent_id, records)
            finished = [record for record in records if record.finished]
            tags = {"mlflow.note.content": cell_description(finished)} if finished else {}
            points = [*summary_points(summary), *cost_points(finished), *mean_curves(finished)]
            self._experiment.log(self._parent_id, points, tags=tags)
            statuses = {record.status for record in records}
            worst = next((status for status in ("failed", "interrupted") if status in statuses), "finished")
            self._experiment.end(self._parent_id, ENDED[worst], self._parent_ended)

    def _parent(self, record: Record, started: float) -> str | None:
        """The MLflow run that groups the seeds, which is made with the first of them.

        A run that was begun before says in its receipt where the other seeds are.
        """
        receipt = self._receipt(record)
        known = receipt.parent_id if receipt else self._parent_before
        if len(self._group.seeds) < 2:
            return known
        if self._parent_id is None:
            is_there = known is not None and self._experiment.reopen(known)
            self._parent_id = known if is_there else self._create_parent(record, started)
        return self._parent_id

    def _create_parent(self, record: Record, started: float) -> str:
        seeds = self._group.seeds
        tags = {"kind": "seeds", "seeds": ", ".join(map(str, seeds)), **run_tags(record)}
        run_id = self._experiment.create(run_name(record, f"{len(seeds)} seeds"), tags, started)
        self._experiment.log(run_id, params=params(record))
        self._experiment.input(run_id, record)
        return run_id

    def _continue(self, record: Record, parent_id: str | None) -> str | None:
        """Reopens the MLflow run of a run that was cut off; None where there is none any more."""
        receipt = self._receipt(record)
        if receipt is None or receipt.run_id is None or not self._experiment.reopen(receipt.run_id):
            return None
        if parent_id is not None:
            self._experiment.log(receipt.run_id, tags={"mlflow.parentRunId": parent_id})
        self._write_receipt(record, receipt.run_id, parent_id)
        return receipt.run_id

    def _create(self, record: Record, parent_id: str | None, started: float) -> str:
        """Creates an MLflow run with the tasks that were learned so far.

        One that the folder went to before, but not to its end, is replaced.
        """
        self._discard_incomplete(self._receipt(record))
        attempt = uuid4().hex
        tags = {"kind": "run", "seed": str(record.seed), RUN_TAG: record.run_id, ATTEMPT_TAG: attempt}
        tags |= run_tags(record)
        if parent_id is not None:
            tags["mlflow.parentRunId"] = parent_id
        # First, as whoever is killed between creating a run and taking note of its id would leave it to nobody.
        self._write_receipt(record, None, parent_id, attempt=attempt)
        run_id = self._experiment.create(run_name(record, f"seed {record.seed}"), tags, started)
        self._write_receipt(record, run_id, parent_id)
        self._experiment.log(run_id, params={**params(record), "seed": str(record.seed)})
        self._experiment.input(run_id, record)
        for learned in range(len(record.tasks) + 1):
            self._experiment.log(run_id, task_points(record, learned))
        return run_id

    def _discard_incomplete(self, receipt: Receipt | None) -> None:
        """Deletes the MLflow run that a receipt names, if not all of the run arrived there."""
        if receipt is None or receipt.complete:
            return
        if receipt.run_id is not None:
            self._experiment.discard(receipt.run_id)
        elif receipt.attempt is not None:
            for run_id in self._experiment.find({ATTEMPT_TAG: receipt.attempt}):
                self._experiment.discard(run_id)

    def _end(self, record: Record, ended: float) -> None:
        """Writes the result, figures, tables and files of a run that has ended."""
        from cltk_figures.artifacts import RUN_FILES, description, write_figures, write_tables

        run_id, folder = self._open.pop(record.run_id), self._store / record.run_id
        _check_sizes([folder / name for name in RUN_FILES], record)
        tags = {"mlflow.note.content": description(record), "error": record.error or ""} | _warning_tags(record)
        with tempfile.TemporaryDirectory() as temporary:
            report = Path(temporary)
            write_figures(record, folder, report / "figures")
            write_tables(record, report / "tables")
            self._experiment.files(run_id, report)
        self._experiment.replayed_samples(run_id, record, folder)
        self._experiment.files(run_id, folder, RUN_FILES)
        self._experiment.log(run_id, final_points(record), tags={name: text for name, text in tags.items() if text})
        self._experiment.end(run_id, ENDED[record.status], ended)
        self._parent_ended = max(self._parent_ended or 0.0, ended)
        receipt = self._receipt(record)
        self._write_receipt(record, run_id, receipt.parent_id if receipt else None, complete=True)

    def _receipt(self, record: Record) -> Receipt | None:
        """The receipt of a run from this server and experiment."""
        receipt = read_receipt(self._store / record.run_id)
        return receipt if receipt and receipt.names(self._server.name, self._experiment.id) else None

    def _write_receipt(
        self,
        record: Record,
        run_id: str | None,
        parent_id: str | None,
        *,
        attempt: str | None = None,
        complete: bool = False,
    ) -> None:
        receipt = Receipt(
            tracking_uri=self._server.name,
            experiment_id=self._experiment.id,
            run_id=run_id,
            attempt=attempt,
            parent_id=parent_id,
            complete=complete,
        )
        write_receipt(self._store / record.run_id, receipt)


def _warning_tags(record: Record) -> dict[str, str]:
    return {"warnings": "\n".join(record.warnings)} if record.warnings else {}


def _check_sizes(files: Sequence[Path], record: Record) -> None:
    """Refuses files from elsewhere that would fill the server's disk; a buffer counts a byte a pixel, and keeps four.

    Raises:
        StoreError: One is larger than its record allows.
    """
    most = 4 * record.bytes.get("total", 0) + _ROOM
    for path in files:
        if path.is_file() and path.stat().st_size > most:
            raise StoreError(f"'{path}' has {path.stat().st_size:,} bytes, more than its record allows.", "Remove it.")
