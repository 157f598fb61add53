"""Runs in MLflow, as projections of records and run folders: nothing is in MLflow that is not in a folder first."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from cltk.errors import StoreError
from cltk.record import Record, read_record
from cltk_figures.artifacts import RUN_FILES, description, write_figures, write_mean_matrix, write_tables
from cltk_mlflow.fields import final_points, params, run_name, run_tags, summary_points, task_points
from cltk_mlflow.receipt import Mark, read_mark, write_mark
from cltk_mlflow.store import Store, shown
from cltk_mlflow.writer import Writer

__all__ = ["Tracker", "upload"]

_ENDED = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}


class Tracker:
    """Tracks the runs of one MLflow experiment.

    Args:
        store: Where the experiment is.
        experiment: Its name; it is created on first use.

    Raises:
        StoreError: By each method too, when the store fails.
    """

    def __init__(self, store: Store, experiment: str) -> None:
        self._uri = shown(store.uri)
        self._writer = Writer(store, experiment)

    def start(self, record: Record, folder: Path, parent_id: str | None = None, started: float | None = None) -> str:
        """Creates the MLflow run of a record, and marks its folder as not yet complete.

        An MLflow run that the folder went to before, but not to its end, is deleted: this one replaces it.

        Args:
            record: The run as far as it is known: configuration, seed, plugins.
            folder: The run's folder.
            parent_id: The MLflow run that groups the seeds.
            started: When the run began, in seconds since the epoch; now by default.

        Returns:
            The MLflow run's id.
        """
        mark = read_mark(folder)
        if mark is not None and not mark.complete and mark.tracking_uri == self._uri:
            self._writer.discard(mark.run_id)
        tags = {"kind": "run", "seed": str(record.seed), "cltk.run_id": record.run_id, **run_tags(record)}
        if parent_id is not None:
            tags["mlflow.parentRunId"] = parent_id
        run_id = self._writer.create(run_name(record, f"seed {record.seed}"), tags, started)
        self._mark(folder, run_id, parent_id, complete=False)
        self._writer.log(run_id, params={**params(record), "seed": str(record.seed)})
        return run_id

    def resume(self, folder: Path, parent_id: str | None = None) -> str | None:
        """Reopens the MLflow run that a folder went to before it was cut off.

        Returns:
            The MLflow run's id; None where there is none any more in this store.
        """
        mark = read_mark(folder)
        if mark is None or mark.tracking_uri != self._uri or not self._writer.reopen(mark.run_id, parent_id):
            return None
        self._mark(folder, mark.run_id, parent_id, complete=False)
        return mark.run_id

    def log_task(self, run_id: str, record: Record, learned: int) -> None:
        """Logs, in one call, what is known when ``learned`` tasks are learned; 0 for the row before any training."""
        self._writer.log(run_id, task_points(record, learned), tags=_warning_tags(record))

    def finish(self, run_id: str, record: Record, folder: Path, ended: float | None = None) -> None:
        """Logs the result, figures, tables and files of a run that has ended, and marks its folder as complete.

        Args:
            run_id: What ``start`` returned.
            record: The run.
            folder: The run's folder, complete.
            ended: When the run ended, in seconds since the epoch; now by default.
        """
        tags = {"mlflow.note.content": description(record), "error": record.error or ""} | _warning_tags(record)
        with tempfile.TemporaryDirectory() as temporary:
            report = Path(temporary)
            write_figures(record, folder, report / "figures")
            write_tables(record, report / "tables")
            self._writer.files(run_id, report)
        self._writer.files(run_id, folder, RUN_FILES)
        self._writer.log(run_id, final_points(record), tags={name: text for name, text in tags.items() if text})
        self._writer.end(run_id, _ENDED[record.status], ended)
        mark = read_mark(folder)
        self._mark(folder, run_id, mark.parent_id if mark else None, complete=True)

    def start_parent(self, record: Record, seeds: Sequence[int]) -> str:
        """Creates the MLflow run that groups the seeds of one configuration.

        Args:
            record: Any of its runs.
            seeds: All its seeds.

        Returns:
            The MLflow run's id.
        """
        tags = {"kind": "seeds", "seeds": ", ".join(map(str, seeds)), **run_tags(record)}
        run_id = self._writer.create(run_name(record, f"{len(seeds)} seeds"), tags)
        self._writer.log(run_id, params=params(record))
        return run_id

    def finish_parent(self, run_id: str, records: Sequence[Record], summary: Mapping[str, Mapping[str, float]]) -> None:
        """Logs the summary over seeds and the mean accuracy matrix, and ends the parent.

        Args:
            run_id: What ``start_parent`` returned.
            records: The runs of all seeds.
            summary: ``mean``, ``std`` and ``ci95`` of each metric.
        """
        with tempfile.TemporaryDirectory() as temporary:
            write_mean_matrix(records, Path(temporary) / "figures")
            self._writer.files(run_id, Path(temporary))
        self._writer.log(run_id, summary_points(summary))
        statuses = {record.status for record in records}
        worst = next((status for status in ("failed", "interrupted") if status in statuses), "finished")
        self._writer.end(run_id, _ENDED[worst])

    def _mark(self, folder: Path, run_id: str, parent_id: str | None, *, complete: bool) -> None:
        mark = Mark(
            tracking_uri=self._uri,
            experiment_id=self._writer.experiment_id,
            run_id=run_id,
            parent_id=parent_id,
            complete=complete,
        )
        write_mark(folder, mark)


def _warning_tags(record: Record) -> dict[str, str]:
    return {"warnings": "\n".join(record.warnings)} if record.warnings else {}


def upload(store: Store, folder: Path, parent_id: str | None = None) -> Mark:
    """Tracks a run that has ended from its folder alone, unless all of it is in MLflow already.

    Args:
        store: Where it goes.
        folder: The run's folder.
        parent_id: The MLflow run that groups the seeds; by default the one that was known when the run began.

    Returns:
        Where the run is.

    Raises:
        StoreError: The run has not ended, its folder is unreadable, or the store fails.
    """
    mark = read_mark(folder)
    if mark is not None and mark.complete:
        return mark
    record = read_record(folder / "record.json")
    if record.status not in _ENDED:
        raise StoreError(f"The run in '{folder}' is {record.status}.", "Upload it when it has ended.")
    tracker = Tracker(store, str(record.config.get("name", "run")))
    parent_id = parent_id or (mark.parent_id if mark else None)
    ended = (folder / "record.json").stat().st_mtime
    run_id = tracker.start(record, folder, parent_id, ended - record.seconds.get("total", 0))
    for learned in range(len(record.accuracy)):
        tracker.log_task(run_id, record, learned)
    tracker.finish(run_id, record, folder, ended)
    uploaded = read_mark(folder)
    assert uploaded is not None
    return uploaded
