"""Carrying out a search: its trials, the choice among them, and one comparison on test data."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optuna.trial import FrozenTrial

from cltk.build import Prepared
from cltk.files import write_atomically
from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.importance import parameter_importances
from cltk_studies.answers.records import records_in
from cltk_studies.answers.results import StudyResult
from cltk_studies.answers.sources import load_records
from cltk_studies.answers.statistics import LEAST_SEEDS
from cltk_studies.questions.allocation import parameter_label
from cltk_studies.questions.cost import count_replayed
from cltk_studies.questions.objective import Objective
from cltk_studies.questions.plan import CostEstimator, Plan, PlannedCell
from cltk_studies.questions.search import Search
from cltk_studies.questions.study import Cell, Study, save_study
from cltk_studies.work.ablation_study import AblationStudy
from cltk_studies.work.choice import choose_trial, prepare_test
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.definitions import define_search
from cltk_studies.work.display import Display
from cltk_studies.work.ending import ChosenTrial, Ending
from cltk_studies.work.monitor import StudyMonitor
from cltk_studies.work.persistence import Persistence
from cltk_studies.work.positions import Positions
from cltk_studies.work.queue import Queue
from cltk_studies.work.state import failures
from cltk_studies.work.stopping import explain_stop
from cltk_studies.work.study_sinks import StudySinks
from cltk_studies.work.workers import Workers

if TYPE_CHECKING:
    from cltk_studies.work.site import StudySite

__all__ = ["SearchStudy"]


class SearchStudy:
    """A search whose experiment is prepared.

    Args:
        site: Where to work.
        search: The search.
        prepared: The experiment that it starts from.
        trials: Number of trials.
    """

    def __init__(self, site: StudySite, search: Search, prepared: Prepared, trials: int) -> None:
        self.search = search
        self._site, self._prepared, self._trials = site, prepared, trials

    @property
    def head(self) -> dict[str, Any]:
        """What the search is, in a few fields."""
        search = self.search
        return {"name": search.name, "seeds": list(search.seeds), "test_seeds": list(search.test_seeds)}

    @property
    def worker_studies(self) -> tuple[str, ...]:
        """The names of the studies that workers on it work on: the search, and the comparison after it."""
        return (self.search.name, f"{self.search.name}-test")

    def plan(self) -> Plan:
        """What would be done and who would do it; trains for a moment. What has been tried already is counted too."""
        return replace(self._plan(()), launched=self._site.describe_workers(*self.worker_studies))

    def _plan(self, ended: Collection[str]) -> Plan:
        """What is still to be done; every run is taken to cost what the experiment itself does.

        Args:
            ended: The keys of the trials that have ended.
        """
        search, prepared = self.search, self._prepared
        run = prepared.assemble(0)
        left = [item for item in search.items(self._trials) if item.key not in ended]
        allocation = search.allocation
        replayed = count_replayed(run) if allocation is None else allocation.budget or sum(allocation.sizes[1:])
        known = records_in(self._site.store, {prepared.config_hash})
        seconds = CostEstimator(known).estimate_seconds(prepared, run)
        cell = Cell.of("a trial", {}, prepared)
        done, todo = range(self._trials - len(left)), range(len(left))
        compared = range((2 if allocation is None else 5) * len(search.test_seeds))
        trials = PlannedCell(cell, done, todo, replayed, seconds * len(search.seeds))
        after = PlannedCell(cell, (), compared, replayed, seconds)
        notices = [*prepared.notices, *_explain_few_seeds(search), *self._site.explain_launcher([trials])]
        return Plan([trials], self._site.workers, after, notices)

    def run(self, display: Display) -> Ending:
        """Runs what is left of the search, chooses, and compares the choice with others on test data.

        Raises:
            ConfigError: There is another study of that name.
            CltkError: The store or the database fails, or the experiment cannot be run on this machine.
        """
        database = self._site.open()
        persist = Persistence()
        queue, notices = persist(lambda: self._begin(database))
        with persist(lambda: self._site.start_workers(queue, *self.worker_studies)) as workers:
            ended = self._run_trials(workers, queue, display, notices)
            left = {item.key for item in self.search.items(self._trials)} - queue.ended()
            if ended.chosen is None or ended.interrupted or ended.detached or left:
                return ended
            # Its cells depend on what was chosen, which more trials may have changed.
            test = AblationStudy(self._site, *prepare_test(self.search, ended.chosen, self._site), extends=False)
            test_queue = persist(lambda: self._begin_test(database, test.study, queue))
            return replace(ended, test=test.run_with(workers, test_queue, display))

    def _begin(self, database: StudyDatabase) -> tuple[Queue, list[str]]:
        """The queue of the search, which knows it, and what the user should know."""
        objective = Objective.find(self.search.objective, self.search.experiment.get("metrics", ()))
        queue = Queue(database, self.search.name, objective.directions)
        self.search, notices = define_search(queue, self.search)
        return queue, [*notices, *self._site.settle(queue)]

    def _begin_test(self, database: StudyDatabase, test: Study, queue: Queue) -> Queue:
        """The queue of the comparison on test data, which is computed as the search was."""
        test_queue = Queue(database, test.name, ["maximize"])
        test_queue.settle(queue.settle(self._site.machine))
        test_queue.define(test.to_dict(), test.fingerprint)
        test_queue.limit(self._site.limits)
        return test_queue

    def _run_trials(self, workers: Workers, queue: Queue, display: Display, notices: Sequence[str]) -> Ending:
        persist = Persistence()
        ended = persist(queue.ended)
        persist(lambda: queue.submit(self.search.items(self._trials)))
        plan = self._plan(ended)
        store = self._site.store
        display.begin(plan, list(dict.fromkeys([*notices, *plan.notices])), Positions(store, self.search.name))
        interrupted = False
        with display, StudySinks(self._site.sinks.make(store), self.search.as_study([]), store) as sinks:
            monitor = StudyMonitor(queue, store, sinks, display.show)
            try:
                if queue.under_way():
                    workers.run_until_done(self.search.name, monitor.look)
            except KeyboardInterrupt:
                interrupted = True
            states = queue.states()
            finished = [state.trial for state in states.values() if state.status == "finished"]
            result, chosen = None, None
            if finished:
                result = self._result(finished)
                chosen = choose_trial(self.search, finished, store)
                _publish(sinks, result, chosen, queue)
        notices = [*sinks.notices, *(explain_stop(queue) if interrupted else [])]
        return Ending(result, failures(states), interrupted, notices, chosen, detached=self._site.detached)

    def _result(self, finished: Sequence[FrozenTrial]) -> StudyResult:
        study = self.search.as_study(finished)
        save_study(self._site.store, study)
        return compare_cells(study, load_records(study, self._site.store, self._site.sinks.tracking_uri))


def _explain_few_seeds(search: Search) -> list[str]:
    trial, test = len(search.seeds), len(search.test_seeds)
    meaning = {"chance may choose": trial, "no difference can be tested": test}
    consequences = ", and ".join(words for words, seeds in meaning.items() if seeds < LEAST_SEEDS)
    if not consequences:
        return []
    more = "More of them: --seeds 0..2 --test-seeds 3..7"
    return [f"Few seeds ({trial} a trial, {test} on test data): {consequences}. {more}"]


def _publish(sinks: StudySinks, result: StudyResult, chosen: ChosenTrial, queue: Queue) -> None:
    """Hands report, figures and the choice to the sinks, and writes the figures beside the choice."""
    # What they are drawn with takes long to import, and is not needed before.
    from cltk_figures.search_figures import importance
    from cltk_studies.reports.report import write_report

    shares = {parameter_label(name): share for name, share in parameter_importances(queue.study).items()}
    others = [("parameter_importance", lambda: importance(result.objective or "", shares))] if shares else []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_report(result, folder, others)
        (folder / chosen.file.name).write_bytes(chosen.file.read_bytes())
        for path in (folder / "figures").iterdir():
            write_atomically(chosen.file.parent / "figures" / path.name, path.read_bytes())
        sinks.finish(result, folder)
