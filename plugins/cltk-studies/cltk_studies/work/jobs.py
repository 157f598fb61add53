"""What a worker does for an item of each kind of study, found by the definition that is kept with the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cltk.errors import ConfigError, StoreError
from cltk_studies.questions.search import SEARCH, Search, Searching, sampler
from cltk_studies.questions.study import SCHEMA, Study
from cltk_studies.work.queue import Queue
from cltk_studies.work.worker import Job, Workbench

__all__ = ["Ablating", "job_of", "study_in"]


class Ablating:
    """Runs a cell with a seed; an item names both.

    Args:
        study: The study.
    """

    def __init__(self, study: Study) -> None:
        self.study = study

    def __call__(self, trial: Any, workbench: Workbench) -> Sequence[float]:
        """Runs it; the objective is the accuracy at the end."""
        cell, seed = self.study.cell(trial.user_attrs["cell"]), trial.user_attrs["seed"]
        record = workbench.run(cell.experiment, seed)
        if record.config_hash != cell.config_hash:
            raise ConfigError(
                f"The cell '{cell.name}' means something else to the versions installed here.",
                "Install the versions that the study was begun with.",
            )
        trial.set_user_attr("run_ids", [record.run_id])
        return [record.final_accuracy]


def job_of(queue: Queue) -> Job:
    """What to do for the items of a queue.

    Raises:
        StoreError: The queue does not say, or says something that this version does not know.
    """
    definition = _definition(queue)
    if isinstance(definition, Study):
        return Ablating(definition)
    queue.sampler = sampler
    return Searching(definition)


def study_in(queue: Queue) -> Study:
    """The study that the items of a queue belong to; of a search, without its trials.

    Raises:
        StoreError: The queue does not say, or says something that this version does not know.
    """
    definition = _definition(queue)
    return definition if isinstance(definition, Study) else definition.as_study([])


def _definition(queue: Queue) -> Study | Search:
    definition: Mapping[str, Any] = queue.definition or {}
    schema = definition.get("schema")
    if schema == SCHEMA:
        return Study.model_validate(definition)
    if schema == SEARCH:
        return Search.model_validate(definition)
    raise StoreError(
        f"The study '{queue.study.study_name}' in this storage is not one that this version of cltk knows.",
        "Begin one with cltk ablate or cltk tune.",
    )
