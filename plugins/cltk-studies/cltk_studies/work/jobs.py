"""What a worker does for an item of each kind of study, found by the definition that is kept with the queue."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cltk.config import Overrides
from cltk.errors import ConfigError, StoreError
from cltk.seeding import derive_seed
from cltk_studies.questions.objective import Objective
from cltk_studies.questions.search import SEARCH, SEARCH_1, Search, upgrade_search
from cltk_studies.questions.study import SCHEMA, Cell, Study
from cltk_studies.work.executor import Executor, RunFailedError
from cltk_studies.work.queue import Queue

__all__ = ["Job", "RunCell", "RunTrial", "first_experiment", "job_for", "read_definition", "study_in"]


class Job(Protocol):
    """What there is to do for an item."""

    def __call__(self, trial: Any, executor: Executor) -> Sequence[float]:
        """Does it, and returns the values of the objectives.

        Raises:
            RunFailedError: It did not work out; the other items may.
        """
        ...


class RunCell:
    """Runs a cell with a seed; an item names both.

    Args:
        queue: The queue, with which the study is kept.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._cells = _cells_in(queue)

    def __call__(self, trial: Any, executor: Executor) -> Sequence[float]:
        """Runs it; the value is the accuracy at the end, which nothing is decided by."""
        seed = trial.user_attrs["seed"]
        cell = self._find_cell(trial.user_attrs["key"])
        record = executor.run(cell.experiment, seed)
        if not cell.accepts(record):
            raise ConfigError(
                f"The cell '{cell.name}' means something else to the versions installed here.",
                "Install the versions that the study was begun with.",
            )
        trial.set_user_attr("run_ids", [record.run_id])
        return [record.final_accuracy]

    def _find_cell(self, key: str) -> Cell:
        """The cell of an item; the study may have been defined anew since it was read."""
        if key not in self._cells:
            self._cells = _cells_in(self._queue)
        if key not in self._cells:
            raise RunFailedError("The study no longer has this cell.")
        return self._cells[key]


class RunTrial:
    """Runs a trial with each seed.

    Args:
        search: The search.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self._objective = Objective.find(search.objective, search.experiment.get("metrics", ()))

    def __call__(self, trial: Any, executor: Executor) -> Sequence[float]:
        """Runs it; the values are those of the search's objective."""
        try:
            experiment = self.search.layer(trial)
            records = [executor.run(experiment, seed) for seed in self.search.seeds]
            values = self._objective.values(records)
        except ConfigError as error:
            raise RunFailedError(error.problem, error.advice) from error
        for name, value in (
            ("run_ids", [record.run_id for record in records]),
            ("config_hash", records[0].config_hash),
            ("replayed", records[0].replay.counts),
            ("accuracy", statistics.fmean(record.final_accuracy for record in records)),
        ):
            trial.set_user_attr(name, value)
        return values


def job_for(queue: Queue) -> Job:
    """What to do for the items of a queue, whose parameters are chosen accordingly from now on.

    Raises:
        ConfigError: What is left to be done was begun with cltk 0.1, whose runs mean something else.
        StoreError: The queue does not say, or says something that this version does not know.
    """
    definition = read_definition(queue)
    if definition.is_of_0_1 and queue.under_way():
        raise ConfigError(
            f"The study '{queue.name}' was begun with cltk 0.1, whose runs do not go on with this version.",
            f"'cltk report {queue.name}' shows what is finished; the command that began the study makes it anew.",
        )
    if isinstance(definition, Study):
        return RunCell(queue)
    queue.sampler = sampler
    return RunTrial(definition)


def first_experiment(queue: Queue) -> Overrides | None:
    """An experiment of the study that a queue belongs to; None of a study without cells."""
    definition = read_definition(queue)
    if isinstance(definition, Study):
        return definition.cells[0].experiment if definition.cells else None
    return definition.experiment


def study_in(queue: Queue) -> Study:
    """The study that the items of a queue belong to; of a search, without its trials.

    Raises:
        StoreError: The queue does not say, or says something that this version does not know.
    """
    definition = read_definition(queue)
    return definition if isinstance(definition, Study) else definition.as_study([])


def _cells_in(queue: Queue) -> dict[str, Cell]:
    """The cell of each run of a study, by what identifies the run: there may be thousands."""
    study = study_in(queue)
    return {cell.run_key(seed): cell for cell in study.cells for seed in study.seeds}


def sampler(number: int) -> Any:
    """What chooses the parameters of the trial of this number: the same ones after the same results.

    Several workers must not draw from one seed, and what a trial lacks must not keep the others from being sampled
    together: hence a seed a trial, and groups.
    """
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # These options are called experimental.
        return optuna.samplers.TPESampler(
            seed=derive_seed(number, "trial") % 2**32, multivariate=True, group=True, constant_liar=True
        )


def read_definition(queue: Queue) -> Study | Search:
    """What the study of a queue is.

    Raises:
        StoreError: The queue does not say, or says something that this version does not know.
    """
    definition: Mapping[str, Any] = queue.definition or {}
    schema = definition.get("schema")
    if schema == SCHEMA:
        return Study.model_validate(definition)
    if schema in (SEARCH, SEARCH_1):
        return Search.model_validate(definition if schema == SEARCH else upgrade_search(definition))
    raise StoreError(
        f"The study '{queue.study.study_name}' in this database is not one that this version of cltk knows.",
        "Begin one with cltk ablate or cltk tune.",
    )
