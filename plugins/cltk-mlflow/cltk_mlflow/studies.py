"""Writing studies to MLflow: a run for the study, below it one a cell, and below that one a seed of the cell."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cltk.interfaces import RunGroup, Summary
from cltk.record import Record
from cltk.record_file import to_json
from cltk.runs.summary import summarise
from cltk_mlflow.experiment import MlflowExperiment
from cltk_mlflow.fields import (
    ENDED,
    RUN_TAG,
    SOURCE,
    Point,
    accuracy_points,
    cost_points,
    final_points,
    group_about,
    mean_curves,
    mean_points,
    params,
    run_tags,
    summary_points,
)
from cltk_mlflow.receipts import Receipt, read_receipt, write_receipt
from cltk_mlflow.server import TrackingServer

__all__ = ["CELL_TAG", "RECORDS", "STATUS_TAG", "STUDY_FILE", "STUDY_TAG", "StudyTracker"]

STUDY_TAG, CELL_TAG, STATUS_TAG = "cltk.study", "cltk.cell", "cltk.status"
"""Tags by which a study's runs are found again, beside a run's id: the study's name, a cell's hash, a run's status."""

STUDY_FILE, RECORDS = "study.json", "records"
"""Where the parent keeps the definition of the study, and a cell's run the records of its seeds."""


@dataclass(slots=True)
class _Cell:
    """A cell, its MLflow run once there is one, and the records of its seeds that were written to it.

    The run begins with the first of its seeds, so that its duration is theirs.
    """

    group: RunGroup
    run_id: str = ""
    ended: float = 0.0
    records: dict[int, Record] = field(default_factory=dict)
    drawn: int = 0
    summary: Summary = field(default_factory=dict)
    status_written: str = ""

    @property
    def finished(self) -> list[Record]:
        return [record for record in self.records.values() if record.finished]

    @property
    def status(self) -> str:
        """How the cell ended, as MLflow calls it."""
        if len(self.finished) == len(self.group.seeds):
            return "FINISHED"
        return "FAILED" if any(record.status == "failed" for record in self.records.values()) else "KILLED"


class StudyTracker:
    """Writes one study. Other machines may write to the same MLflow runs.

    Args:
        server: Where the study's experiment is.
        study: The study.
        started: When it began, in seconds since the epoch; now by default.

    Raises:
        StoreError: By each method too, when the server fails.
    """

    def __init__(self, server: TrackingServer, study: RunGroup, started: float | None = None) -> None:
        self._server = server
        self._name = study.name
        self._experiment = MlflowExperiment(server, study.name, group_about(study))
        self._run_id = self._find_or_create(study.name, {"kind": "study"}, started=started)
        self._experiment.text(self._run_id, STUDY_FILE, json.dumps(dict(study.definition), indent=1))
        self._experiment.describe(study.description)
        self._cells: dict[str, _Cell] = {}  # by configuration hash
        self._seeds = {  # what is there whole, by a run's own id and its status
            (tags.get(RUN_TAG), tags.get(STATUS_TAG))
            for tags in self._experiment.find({STUDY_TAG: self._name, "kind": "run"}).values()
        }

    def begin_cell(self, cell: RunGroup) -> None:
        """Takes note of a cell, whose MLflow run is made with the first of its runs."""
        self._cells[cell.config_hash] = _Cell(cell)

    def finish(self, record: Record) -> None:
        """Writes a run, and the means of its cell so far."""
        cell = self._cells.get(record.config_hash)
        if cell is None:
            return
        self._store_record(cell, record)
        if len(cell.finished) == len(cell.group.seeds):  # Now, as there is time for it while others are trained.
            self._conclude(cell, summarise(cell.finished))
        elif cell.finished:
            self._experiment.log(cell.run_id, [*mean_points(cell.finished), *cost_points(cell.finished)])

    def finish_group(
        self,
        group: RunGroup,
        records: Sequence[Record],
        summary: Summary,
        files: Path | None,
        ended: float | None = None,
    ) -> None:
        """Writes what is not written yet, and ends the MLflow run of a cell or of the study, which ended then."""
        if group.kind == "cell":
            self._finish_cell(self._cells[group.config_hash], records, summary)
        else:
            self._finish_study(records, files, ended)

    def _finish_cell(self, cell: _Cell, records: Sequence[Record], summary: Summary) -> None:
        if not records:
            return
        self._open(cell, records[0])
        unheard = [record for record in records if record.seed not in cell.records]
        stored = self._experiment.names(cell.run_id, RECORDS) if unheard else []
        for record in unheard:
            self._store_record(cell, record, upload=f"{record.run_id}.json" not in stored)
        self._conclude(cell, summary)

    def _conclude(self, cell: _Cell, summary: Summary) -> None:
        """Writes what the finished seeds of a cell are together, and how it ended, as far as that is not there yet."""
        finished = cell.finished
        points = summary_points(summary, len(finished)) if finished and summary != cell.summary else []
        if len(finished) > cell.drawn:
            self._draw(cell, points)
        elif points:
            self._experiment.log(cell.run_id, points)
        cell.summary = summary
        if cell.status_written != cell.status:
            self._experiment.end(cell.run_id, cell.status, cell.ended or None)
            cell.status_written = cell.status

    def _draw(self, cell: _Cell, points: Sequence[Point]) -> None:
        """Writes points, and what else the finished seeds of a cell are together, figures included."""
        from cltk_figures.artifacts import cell_description

        finished = cell.finished
        points = [*points, *cost_points(finished), *mean_curves(finished)]
        self._experiment.log(cell.run_id, points, tags={"mlflow.note.content": cell_description(finished)})
        self._experiment.mean_matrix(cell.run_id, finished)
        folder = self._server.folder
        any(self._experiment.replayed_samples(cell.run_id, run, folder / run.run_id) for run in finished)
        cell.drawn = len(finished)

    def _finish_study(self, records: Sequence[Record], files: Path | None, ended: float | None) -> None:
        finished = sum(record.finished for record in records)
        total = sum(len(cell.group.seeds) for cell in self._cells.values())
        note = ""
        if files is not None:
            self._experiment.files(self._run_id, files)
            report = files / "report.md"
            note = report.read_text(encoding="utf-8") if report.exists() else ""
        points = [("runs/finished", float(finished), 0), ("runs/total", float(total), 0)]
        self._experiment.log(self._run_id, points, tags={"mlflow.note.content": note} if note else {})
        failed = any(record.status == "failed" for record in records)
        self._experiment.end(self._run_id, "FINISHED" if finished == total else "FAILED" if failed else "KILLED", ended)

    def _find_or_create(
        self,
        name: str,
        tags: Mapping[str, str],
        others: Mapping[str, str] | None = None,
        started: float | None = None,
    ) -> str:
        """The run with these tags, made where there is none; by one process at a time, as several do the same."""
        tags = {STUDY_TAG: self._name, **tags}
        with self._server.locked():
            known = next(iter(self._experiment.find(tags)), None)
            return known or self._experiment.create(name, {**tags, **SOURCE, **(others or {})}, started)

    def _store_record(self, cell: _Cell, record: Record, *, upload: bool = True) -> None:
        folder = self._server.folder / record.run_id
        started, ended = _times(record, folder)
        self._open(cell, record)
        cell.records[record.seed], cell.ended = record, max(cell.ended, ended)
        if upload:
            self._experiment.text(cell.run_id, f"{RECORDS}/{record.run_id}.json", to_json(record).decode())
        self._store_seed(cell, record, started, ended)
        if folder.exists() and read_receipt(folder) is None:  # Else 'cltk sync' would upload it as a run of its own.
            write_receipt(folder, self._receipt(cell))

    def _open(self, cell: _Cell, record: Record) -> None:
        """Makes the run of a cell when its first run is heard of, in whose time it begins."""
        if cell.run_id:
            return
        tags = {"kind": "cell", CELL_TAG: cell.group.config_hash}
        settings, others = _shared(record)
        others = {"mlflow.parentRunId": self._run_id, "cell": cell.group.name, **run_tags(record), **others}
        started, _ = _times(record, self._server.folder / record.run_id)
        cell.run_id = self._find_or_create(cell.group.name, tags, others, started)
        self._experiment.log(cell.run_id, params=settings)
        self._experiment.input(cell.run_id, record)

    def _store_seed(self, cell: _Cell, record: Record, started: float, ended: float) -> None:
        """Makes the run of a seed below that of its cell, in place of one that did not come as far.

        Commands that work on one study hear of the same runs: the first makes it, and the others find it.
        """
        if (record.run_id, record.status) in self._seeds:
            return
        with self._server.locked():
            known = self._experiment.find({STUDY_TAG: self._name, "kind": "run", RUN_TAG: record.run_id})
            if all(tags.get(STATUS_TAG) != record.status for tags in known.values()):
                for run_id in known:
                    self._experiment.discard(run_id)
                self._create_seed(cell, record, started, ended)
        self._seeds.add((record.run_id, record.status))

    def _create_seed(self, cell: _Cell, record: Record, started: float, ended: float) -> None:
        from cltk_figures.artifacts import description

        tags = {
            "kind": "run", STUDY_TAG: self._name, "cell": cell.group.name, CELL_TAG: cell.group.config_hash,
            "seed": str(record.seed), RUN_TAG: record.run_id,
            "mlflow.parentRunId": cell.run_id, "mlflow.note.content": description(record), **run_tags(record),
        }  # fmt: skip
        run_id = self._experiment.create(f"seed {record.seed} · {cell.group.name}", tags, started)
        self._experiment.input(run_id, record)
        self._experiment.end(run_id, ENDED[record.status], ended)
        points = [point for learned in range(len(record.accuracy)) for point in accuracy_points(record, learned)]
        settings = {**params(record), "seed": str(record.seed)}
        # The status last: what was cut off before has none, and is made anew.
        self._experiment.log(run_id, [*points, *final_points(record)], settings, {STATUS_TAG: record.status})

    def _receipt(self, cell: _Cell) -> Receipt:
        return Receipt(
            tracking_uri=self._server.name, experiment_id=self._experiment.id, run_id=cell.run_id, complete=True
        )


def _shared(record: Record) -> tuple[dict[str, str], dict[str, str]]:
    """What the runs of a cell have in common: its settings, and apart from them what may differ between machines."""
    fields = params(record)
    settings = {name: value for name, value in fields.items() if name.partition(".")[0] in record.config}
    return settings, {name: value for name, value in fields.items() if name not in settings}


def _times(record: Record, folder: Path) -> tuple[float, float]:
    """When a run began and ended, in seconds since the epoch; one of another machine ends when it is heard of."""
    path = folder / "record.json"
    ended = path.stat().st_mtime if path.exists() else time.time()
    return ended - record.seconds.get("total", 0.0), ended
