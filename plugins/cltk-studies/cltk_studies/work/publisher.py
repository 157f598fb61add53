"""Publishing a study in MLflow while it goes on."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from cltk.processes.background import Background
from cltk.record import Record
from cltk_studies.answers.results import StudyResult
from cltk_studies.questions.study import Study
from cltk_studies.work.database import StudyDatabase

__all__ = ["Publisher"]


class Publisher:
    """Has a study written to MLflow by another process; whatever the server does, the study goes on.

    Args:
        store: The folder of the runs, and of the MLflow store unless ``uri`` names another.
        uri: A tracking URI, or None.
        study: The study.
        storage: Where its queue is.
    """

    def __init__(self, store: Path, uri: str | None, study: Study, storage: StudyDatabase) -> None:
        later = f"The records are kept in '{store}'; call the same command again to upload them."
        self._background = Background(later, "cltk_mlflow.study_scribe:StudyScribe", store, uri, study, storage.url)

    @property
    def notices(self) -> list[str]:
        """What the user should know, a sentence each; waits until everything is written."""
        return self._background.notices

    def __enter__(self) -> Publisher:
        """It is at work already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits until everything is written, whatever went wrong meanwhile."""
        self._background.close()

    def run_ended(self, record: Record, cell: str) -> None:
        """Publishes a run, and the means of its cell so far."""
        self._background.submit("run_ended", record, cell)

    def finish(self, result: StudyResult, folder: Path | None = None, *, complete: bool) -> None:
        """Publishes everything that is not published yet, and waits for it.

        Args:
            result: The result.
            folder: Holds the report and what else belongs to the parent; by default, a report is made.
            complete: Whether all that was to be done is done.
        """
        self._background.submit("finish", result, folder, complete)
        self._background.close()
