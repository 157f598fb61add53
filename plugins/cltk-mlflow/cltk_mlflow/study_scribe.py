"""Studies in MLflow: a parent run, and below it one run a cell with its seeds averaged inside."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from cltk.record import Record, to_json
from cltk.runs.summary import summarise
from cltk_figures.artifacts import write_mean_matrix
from cltk_mlflow.fields import Point, params, run_tags, summary_points, task_points
from cltk_mlflow.labels import RECORDS, STUDY_FILE, TAGS
from cltk_mlflow.receipt import Mark, read_mark, write_mark
from cltk_mlflow.store import open_store, shown
from cltk_mlflow.writer import Writer
from cltk_studies.answers.results import COSTS, CellResult, StudyResult
from cltk_studies.questions.study import Study
from cltk_studies.reports.report import write_report
from cltk_studies.work.lock import locked

__all__ = ["StudyScribe"]


class StudyScribe:
    """Writes a study into MLflow, in the process that does so.

    Args:
        store: The folder of the runs, and of the MLflow store unless ``uri`` names another.
        uri: A tracking URI, or None.
        study: The study.
        storage: URL of Optuna's storage, whose lock keeps other processes from making the same MLflow runs meanwhile.

    Raises:
        StoreError: By each method too, when the store fails.
    """

    def __init__(self, store: Path, uri: str | None, study: Study, storage: str) -> None:
        self._store, self._study = store, study
        self._records: defaultdict[str, dict[int, Record]] = defaultdict(dict)
        self._whole: set[str] = set()  # MLflow runs of cells whose seeds are all there
        opened = open_store(store, uri)
        self._where = shown(opened.uri)
        self._writer = Writer(opened, study.name)
        with locked(storage):
            self._parent = self._made({"kind": "study"}, study.name, {})
            self._writer.text(self._parent, STUDY_FILE, study.model_dump_json(by_alias=True, indent=1))
            self._children = {tags[TAGS["cell"]]: run_id for run_id, tags in self._find({"kind": "cell"}).items()}
            for cell in study.cells:
                self._child(cell.config_hash, cell.name)

    def finish(self, result: StudyResult, folder: Path | None, complete: bool) -> None:
        """Writes everything that is not written yet, with the files in ``folder``, or else a report, on the parent."""
        for cell in result.cells:
            self._publish_cell(cell)
        with tempfile.TemporaryDirectory() as temporary:
            if folder is None:
                write_report(result, folder := Path(temporary))
            self._end(result, folder, complete)

    def _find(self, tags: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
        return self._writer.find({TAGS["study"]: self._study.name, **tags})

    def _child(self, config_hash: str, name: str) -> str:
        """The run of a cell, made where there is none."""
        if config_hash not in self._children:
            below = {"kind": "cell", "mlflow.parentRunId": self._parent, TAGS["cell"]: config_hash, "cell": name}
            self._children[config_hash] = self._create(below, name)
        return self._children[config_hash]

    def _made(self, tags: dict[str, str], name: str, more: dict[str, str]) -> str:
        return next(iter(self._find(tags)), None) or self._create(tags | more, name)

    def _create(self, tags: dict[str, str], name: str) -> str:
        source = {"mlflow.source.name": "cltk", "mlflow.source.type": "LOCAL"}
        return self._writer.create(name, {TAGS["study"]: self._study.name, **source, **tags})

    def run_ended(self, record: Record, cell: str) -> None:
        """Writes a run, and the means of its cell so far."""
        child = self._child(record.config_hash, cell)
        records = self._records[record.config_hash]
        if not records:
            self._describe(child, record)
        records[record.seed] = record
        self._upload(child, record)
        finished = [of for of in records.values() if of.status == "finished"]
        if len(finished) == len(self._study.seeds):
            self._summarise(child, finished)
            self._whole.add(child)
        else:
            self._writer.log(child, _means(finished))

    def _publish_cell(self, result: CellResult) -> None:
        """Writes what all seeds say together, and what an earlier attempt did not write."""
        child, records = self._child(result.cell.config_hash, result.cell.name), list(result.records.values())
        there = self._writer.names(child, RECORDS)
        for record in records:
            if f"{record.run_id}.json" not in there:
                self._upload(child, record)
        if result.finished and child not in self._whole:
            self._describe(child, result.finished[0])
            self._summarise(child, result.finished)

    def _summarise(self, child: str, finished: Sequence[Record]) -> None:
        """Writes means, curves and the mean matrix of a cell's finished runs."""
        self._writer.log(child, [*_means(finished), *_curves(finished)])
        with tempfile.TemporaryDirectory() as temporary:
            write_mean_matrix(finished, Path(temporary) / "figures")
            self._writer.files(child, Path(temporary))

    def _describe(self, child: str, record: Record) -> None:
        """What the cell's runs have in common; tags for what may differ between machines, as they can be replaced."""
        fields = params(record)
        settings = {name: value for name, value in fields.items() if name.partition(".")[0] in record.config}
        self._writer.log(child, params=settings, tags={**run_tags(record), **_without(fields, settings)})

    def _upload(self, child: str, record: Record) -> None:
        self._writer.text(child, f"{RECORDS}/{record.run_id}.json", to_json(record).decode())
        folder = self._store / record.run_id
        if folder.exists() and read_mark(folder) is None:  # Else 'cltk sync' would upload it as a run of its own.
            where = (self._where, self._writer.experiment_id)
            write_mark(folder, Mark(tracking_uri=where[0], experiment_id=where[1], run_id=child, complete=True))

    def _end(self, result: StudyResult, folder: Path, complete: bool) -> None:
        for cell in result.cells:
            statuses = {record.status for record in cell.records.values()}
            whole = len(cell.finished) == len(result.study.seeds)
            status = "FINISHED" if whole else "FAILED" if "failed" in statuses else "KILLED"
            self._writer.end(self._children[cell.cell.config_hash], status)
        self._writer.files(self._parent, folder)
        counts = [("runs/finished", float(result.finished), 0), ("runs/total", float(result.total), 0)]
        note = (folder / "report.md").read_text(encoding="utf-8")
        self._writer.log(self._parent, counts, tags={"mlflow.note.content": note})
        self._writer.end(self._parent, "FINISHED" if complete else "FAILED" if result.failures() else "KILLED")


def _means(finished: Sequence[Record]) -> list[Point]:
    """The summary over the finished seeds and the mean cost, at a step that counts the seeds."""
    if not finished:
        return []
    costs = {
        f"cost/{name.replace(' ', '_')}": {"mean": sum(map(cost, finished)) / len(finished)}
        for name, cost in COSTS.items()
    }
    return [(name, value, len(finished)) for name, value, _ in summary_points({**summarise(finished), **costs})]


def _curves(records: Sequence[Record]) -> list[Point]:
    """What each run has a curve of over the tasks, averaged over the seeds."""
    values: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    for record in records:
        for learned in range(len(record.accuracy)):
            for name, value, step in task_points(record, learned):
                values[name, step].append(value)
    return [(name, sum(all_seeds) / len(all_seeds), step) for (name, step), all_seeds in values.items()]


def _without(fields: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in names}
