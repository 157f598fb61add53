"""Telling sinks of a study while it goes on."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType

from cltk.interfaces import RunGroup
from cltk.record import Record
from cltk.runs.sinks import make_sinks
from cltk.runs.summary import summarise
from cltk_studies.answers.results import StudyResult
from cltk_studies.questions.study import Study
from cltk_studies.work.database import StudyDatabase

__all__ = ["Publisher"]


class Publisher:
    """Tells the sinks of a study; whatever they do, the study goes on.

    Args:
        store: The folder of the runs.
        uri: A tracking URI, or None.
        study: The study.
        storage: Where its queue is.
    """

    def __init__(self, store: Path, uri: str | None, study: Study, storage: StudyDatabase) -> None:
        self._sinks = make_sinks(None, {"mlflow": {"tracking_uri": uri}} if uri else {}, store)
        self._cells: dict[str, RunGroup] = {}
        self._group = RunGroup("study", study.name, study.description, seeds=study.seeds, definition=study.to_dict())
        self._sinks.begin_group(self._group)
        for cell in study.cells:
            self._begin_cell(cell.config_hash, cell.name)

    @property
    def notices(self) -> list[str]:
        """What the user should know, a sentence each; waits until everything is written."""
        return list(self._sinks.close())

    def __enter__(self) -> Publisher:
        """Does nothing: the sinks were told in ``__init__``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until everything is written, whatever went wrong meanwhile."""
        self._sinks.close()

    def run_ended(self, record: Record, cell: str) -> None:
        """Tells of a run that ended."""
        self._begin_cell(record.config_hash, cell)
        self._sinks.finish(record)

    def finish(self, result: StudyResult, folder: Path | None = None, *, complete: bool) -> None:
        """Tells how the study ended, and waits until everything is written.

        Args:
            result: The result.
            folder: Holds the report and what else belongs to the study; by default, a report is made.
            complete: Whether all that was to be done is done.
        """
        from cltk_studies.reports.report import write_report

        for cell in result.cells:
            group = self._begin_cell(cell.cell.config_hash, cell.cell.name)
            self._sinks.finish_group(group, list(cell.records.values()), summarise(cell.finished))
        with tempfile.TemporaryDirectory() as temporary:
            if folder is None:
                write_report(result, folder := Path(temporary))
            records = [record for cell in result.cells for record in cell.records.values()]
            self._sinks.finish_group(self._group, records, {}, folder)
            self._sinks.close()

    def _begin_cell(self, config_hash: str, name: str) -> RunGroup:
        if config_hash not in self._cells:
            cell = RunGroup("cell", name, config_hash=config_hash, seeds=self._group.seeds, parent=self._group.name)
            self._sinks.begin_group(cell)
            self._cells[config_hash] = cell
        return self._cells[config_hash]
