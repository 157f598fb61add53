"""Carrying out an ablation study, from its plan to its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.results import StudyResult
from cltk_studies.answers.sources import load_records
from cltk_studies.questions.ablation import errors_of, submit
from cltk_studies.questions.plan import Plan
from cltk_studies.questions.study import Study, save_study
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.jobs import study_in
from cltk_studies.work.pool import Order, Pool, conduct
from cltk_studies.work.publisher import Publisher
from cltk_studies.work.queue import Queue, failures
from cltk_studies.work.watch import Show, Watch

__all__ = ["Ending", "Helped", "carry_out", "help_out"]


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a study.

    Attributes:
        result: The result, as far as there is one.
        interrupted: Whether the user ended it.
        notices: What the user should know, a sentence each.
    """

    result: StudyResult
    interrupted: bool
    notices: list[str]

    @property
    def exit_status(self) -> int:
        """0 where all runs finished, 130 where the user interrupted, else 1."""
        return 130 if self.interrupted else int(self.result.finished < self.result.total)


@dataclass(frozen=True, slots=True)
class Helped:
    """What came of work on somebody else's study.

    Attributes:
        errors: Why items failed, anywhere, by their names.
        interrupted: Whether the user ended the work.
        notices: What the user should know, a sentence each.
    """

    errors: Mapping[str, str]
    interrupted: bool
    notices: Sequence[str]

    @property
    def exit_status(self) -> int:
        """0 where nothing is left to do, failed or not, as no other worker can mend that; 130 for an interruption."""
        return 130 if self.interrupted else 0


def help_out(order: Order, pool: Pool, storage: StudyDatabase, tracking_uri: str | None, show: Show) -> Helped:
    """Works on a study that is in the storage, until nothing of it is left.

    Raises:
        ConfigError: There is no such study.
        CltkError: The store or the storage fails, or the study cannot be run on this machine.
    """
    queue = Queue(storage, order.study)
    interrupted = False
    with Publisher(order.store, tracking_uri, study_in(queue), storage) as publisher:
        try:
            conduct(order, pool, Watch(queue, order.store, publisher, show))
        except KeyboardInterrupt:
            interrupted = True
    return Helped(failures(queue.states()), interrupted, publisher.notices)


def carry_out(
    study: Study,
    plan: Plan,
    queue: Queue,
    storage: StudyDatabase,
    order: Order,
    pool: Pool,
    tracking_uri: str | None,
    show: Show,
) -> Ending:
    """Does what the plan leaves to be done, publishes it, and returns what the study says.

    Raises:
        ConfigError: There is another study of that name.
        CltkError: The store or the storage fails, or the study cannot be run on this machine.
    """
    queue.define(study.to_dict(), study.fingerprint)
    save_study(order.store, study)
    interrupted = False
    with Publisher(order.store, tracking_uri, study, storage) as publisher:
        submit(plan, queue)
        try:
            if queue.under_way():
                conduct(order, pool, Watch(queue, order.store, publisher, show))
        except KeyboardInterrupt:
            interrupted = True
        result = compare_cells(study, load_records(study, order.store, tracking_uri), errors_of(study, queue))
        publisher.finish(result, complete=result.finished == result.total)
    return Ending(result, interrupted, publisher.notices)
