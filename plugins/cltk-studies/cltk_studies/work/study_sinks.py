"""Telling sinks of a study while it goes on: they are told by the process that coordinates it, and not by workers."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from cltk.interfaces import RunGroup, Summary
from cltk.record import Record
from cltk.runs.sinks import Sinks
from cltk_studies.answers.results import CellResult, StudyResult
from cltk_studies.questions.study import Study

__all__ = ["StudySinks"]


class StudySinks:
    """Tells sinks that a study begins with its cells, which of its runs have ended, and what came of it.

    Args:
        sinks: The sinks.
        study: The study; of a search, without its trials, which become cells when their runs end.
        store: The folder of all runs.
    """

    def __init__(self, sinks: Sinks, study: Study, store: Path) -> None:
        self._sinks, self._study, self._store = sinks, study, store
        self._cells: dict[str, RunGroup] = {}  # by configuration hash
        self._sinks.begin_group(_study_group(study))
        for cell in study.cells:
            self._begin_cell(cell.name, cell.config_hash, cell.experiment)

    def __enter__(self) -> StudySinks:
        """Does nothing: the sinks were told of the study in ``__init__``."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until everything is written, whatever went wrong meanwhile."""
        self._sinks.close()

    @property
    def notices(self) -> list[str]:
        """What the user should know, a sentence each; waits until everything is written."""
        return list(self._sinks.close())

    def finish_run(self, record: Record, cell: str) -> None:
        """Tells that a run of a cell has ended."""
        self._begin_cell(cell, record.config_hash, record.config)
        self._sinks.finish(record)
        if not self._sinks.is_empty:
            importlib.import_module("cltk_studies.reports.figures")  # For the report: there is time now.

    def finish(self, result: StudyResult, folder: Path | None = None) -> None:
        """Tells what came of the study, and waits until it is written.

        Args:
            result: The result.
            folder: Holds the report and what else belongs to the study; by default, a report is made in the store.
        """
        if self._sinks.is_empty:
            return
        if folder is not None:
            self._finish(result, folder)
            return
        # What it draws with takes long to import, and is not needed before.
        from cltk_studies.reports.report import write_report

        folder = self._store / "studies" / self._study.name / "report"
        write_report(result, folder)
        self._finish(result, folder)

    def _finish(self, result: StudyResult, folder: Path) -> None:
        for cell in result.cells:
            group = self._begin_cell(cell.name, cell.cell.config_hash, cell.cell.experiment)
            self._sinks.finish_group(group, list(cell.records.values()), _summarise(cell))
        (folder / "study.json").write_text(json.dumps(result.study.to_dict(), indent=1), encoding="utf-8")
        records = [record for cell in result.cells for record in cell.records.values()]
        self._sinks.finish_group(_study_group(result.study), records, {}, folder)
        self._sinks.close()  # The folder is read until then.

    def _begin_cell(self, name: str, config_hash: str, experiment: Mapping[str, object]) -> RunGroup:
        """The group of a cell, of which sinks are told the first time."""
        if config_hash not in self._cells:
            group = RunGroup(
                kind="cell",
                name=name,
                config_hash=config_hash,
                seeds=self._study.seeds,
                parent=self._study.name,
                definition=experiment,
            )
            self._cells[config_hash] = group
            self._sinks.begin_group(group)
        return self._cells[config_hash]


def _study_group(study: Study) -> RunGroup:
    return RunGroup(
        kind="study",
        name=study.name,
        description=study.description,
        seeds=study.seeds,
        definition=study.to_dict(),
    )


def _summarise(cell: CellResult) -> Summary:
    """Mean, deviation and interval of each metric, as far as there are any."""
    return {
        name: {
            part: value
            for part, value in (("mean", estimate.mean), ("std", estimate.std), ("ci95", estimate.ci95))
            if value is not None
        }
        for name, estimate in cell.metrics.items()
    }
