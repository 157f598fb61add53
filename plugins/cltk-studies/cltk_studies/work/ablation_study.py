"""Carrying out an ablation, from what is left to be done to its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cltk.build import Prepared
from cltk.errors import CltkError
from cltk.record import Record
from cltk.runs.reading import read_records
from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.records import best_records
from cltk_studies.answers.sources import complete_records, stored_runs
from cltk_studies.questions.extension import extend_study
from cltk_studies.questions.items import Item
from cltk_studies.questions.plan import Plan, Planner, is_current
from cltk_studies.questions.study import Study, read_study, save_study
from cltk_studies.work.attempts import Attempts
from cltk_studies.work.chosen_launcher import ChosenLauncher
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.definitions import define_study, earlier_study, explain_upgrade
from cltk_studies.work.display import Display
from cltk_studies.work.ending import Ending
from cltk_studies.work.lease import worker_of
from cltk_studies.work.monitor import StudyMonitor
from cltk_studies.work.persistence import Persistence
from cltk_studies.work.positions import Positions
from cltk_studies.work.queue import Queue
from cltk_studies.work.state import State
from cltk_studies.work.stopping import explain_stop
from cltk_studies.work.store_mark import mark_of
from cltk_studies.work.study_sinks import StudySinks
from cltk_studies.work.workers import Workers

if TYPE_CHECKING:
    from cltk_studies.work.site import StudySite

__all__ = ["AblationStudy"]


class AblationStudy:
    """An ablation whose cells are prepared.

    Args:
        site: Where to work.
        study: The study.
        prepared_cells: Its cells, ready to run, by name.
        extends: Whether a study of that name that is there already is added to; else this one takes its place.
    """

    def __init__(
        self, site: StudySite, study: Study, prepared_cells: Mapping[str, Prepared], *, extends: bool = True
    ) -> None:
        self.study = study
        self._site, self._prepared = site, prepared_cells
        earlier = _read_earlier(site.store, study) if extends else None
        self._notices = explain_upgrade(earlier, study) if earlier else []
        self._extend(earlier)

    @property
    def head(self) -> dict[str, Any]:
        """What the study is, in a few fields."""
        return {"name": self.study.name, "seeds": list(self.study.seeds), "baseline": self.study.baseline}

    @property
    def worker_studies(self) -> tuple[str, ...]:
        """The names of the studies that workers on it work on."""
        return (self.study.name,)

    def plan(self) -> Plan:
        """What is still to be done, what that costs and who would do it; trains for a moment."""
        launched = self._site.describe_workers(*self.worker_studies)
        return replace(self._plan(self._stored()), launched=launched)

    def _plan(self, stored: Sequence[Record]) -> Plan:
        cells = self.study.cells
        planner = Planner(best_records(stored, {cell.config_hash for cell in cells}))
        planned = [planner.plan(cell, self._prepared[cell.name]) for cell in cells]
        edited = {name for each in planned for name in each.edited}
        notices = [*self._notices, *map(_explain_edit, sorted(edited)), *self._site.explain_launcher(planned)]
        return Plan(planned, self._site.workers, notices=notices)

    def run(self, display: Display) -> Ending:
        """Does what is left to be done, and returns what the study says.

        Raises:
            ConfigError: There is another study of that name.
            CltkError: The store or the database fails, or the study cannot be run on this machine.
        """
        database = self._site.open()
        persist = Persistence()
        queue = persist(lambda: self._begin(database))
        finished = persist(self._read_finished)
        with persist(lambda: self._start_workers(queue, is_finished=finished is not None)) as workers:
            return self.run_with(workers, queue, display, finished)

    def _start_workers(self, queue: Queue, *, is_finished: bool) -> Workers:
        """The workers; of a study that is finished this process alone, as there is nothing to launch others for."""
        site = self._site
        if is_finished:
            site = replace(site, workers=1, launcher=ChosenLauncher(), detached=False)
        return site.start_workers(queue, *self.worker_studies)

    def _read_finished(self) -> Sequence[Record] | None:
        """The records of the study, if each run has one here that counts: nothing is added to them."""
        stored = self._stored()
        found = best_records(stored, {cell.config_hash for cell in self.study.cells})
        runs = [(cell, found.get((cell.config_hash, seed))) for cell in self.study.cells for seed in self.study.seeds]
        counts = all(record and is_current(record, self._prepared[cell.name]) for cell, record in runs)
        return stored if counts else None

    def _begin(self, database: StudyDatabase) -> Queue:
        """The queue of the study, which knows it."""
        queue = Queue(database, self.study.name, ["maximize"])
        self._extend(earlier_study(queue))
        self._notices += self._site.settle(queue)
        define_study(queue, self.study)
        return queue

    def run_with(
        self, workers: Workers, queue: Queue, display: Display, finished: Sequence[Record] | None = None
    ) -> Ending:
        """The same with workers that are there, and a queue that knows the study.

        Args:
            workers: The workers.
            queue: The queue.
            display: Shows how far the study is.
            finished: The records of a study that is finished, where they were read already.
        """
        stored, plan = Persistence()(lambda: self._submit(queue, finished))
        notices = [notice for prepared in self._prepared.values() for notice in prepared.notices]
        store, tracking_uri = self._site.store, self._site.sinks.tracking_uri
        notices = list(dict.fromkeys([*notices, *plan.notices]))
        display.begin(plan, notices, Positions(store, self.study.name))
        interrupted = False
        with display, StudySinks(self._site.sinks.make(store), self.study, store) as sinks:
            monitor = StudyMonitor(queue, store, sinks, display.show)
            is_open = queue.under_way()
            try:
                if is_open:
                    workers.run_until_done(self.study.name, monitor.look)
            except KeyboardInterrupt:
                interrupted = True
            records = complete_records(self.study, self._stored() if is_open else stored, store, tracking_uri)
            result = compare_cells(self.study, records, self._errors(queue), find_records=stored_runs(store))
            sinks.finish(result)
        notices = [*sinks.notices, *(explain_stop(queue) if interrupted else [])]
        errors = {f"{cell}, seed {seed}": error for (cell, seed), error in result.failures().items()}
        return Ending(result, errors, interrupted, notices, detached=self._site.detached)

    def _stored(self) -> Sequence[Record]:
        """The records of the study's cells in the store; hundreds take a while to read."""
        return read_records(self._site.store, {cell.config_hash for cell in self.study.cells})[0]

    def _extend(self, earlier: Study | None) -> None:
        """Takes in the cells and seeds of the study that was there before."""
        if earlier is not None:
            site = self._site
            self.study, self._prepared = extend_study(earlier, self.study, self._prepared, site.machine, site.scenarios)

    def _submit(self, queue: Queue, finished: Sequence[Record] | None) -> tuple[Sequence[Record], Plan]:
        """Queues what is to be done, unless another machine did it; each seed of all cells before the next seed.

        Returns:
            The records that there are, and what is to be done beside them.
        """
        save_study(self._site.store, self.study)
        before = queue.attempts()  # In this order: what another machine finishes in between is not to be done again.
        stored = self._stored() if finished is None else finished
        plan = self._plan(stored)
        mark = mark_of(self._site.store)
        self._note_done(queue, plan, stored, before, mark)
        runs = [(planned.cell, seed) for planned in plan.cells for seed in planned.open]
        items = [
            Item(cell.run_key(seed), {"cell": cell.name, "seed": seed})
            for cell, seed in sorted(runs, key=lambda run: run[1])
            if not _is_done_elsewhere(before.get(cell.run_key(seed)), mark)
        ]
        queue.submit(items, before)
        return stored, plan

    def _note_done(
        self, queue: Queue, plan: Plan, stored: Sequence[Record], known: Mapping[str, Attempts], mark: str
    ) -> None:
        """Lets the queue know of runs that are done and that it never had, or that failed there.

        Whoever asks how far the study is sees the queue alone.
        """
        records = best_records(stored, {cell.config_hash for cell in self.study.cells})
        for planned in plan.cells:
            cell = planned.cell
            for seed in planned.done:
                before = known.get(cell.run_key(seed))
                if before is None or State.of(before.current).status == "failed":
                    record = records[cell.config_hash, seed]
                    said = {"cell": cell.name, "seed": seed, "run_ids": [record.run_id]}
                    item, seconds = Item(cell.run_key(seed), said), record.seconds.get("total", 0.0)
                    queue.note_finished(item, [record.final_accuracy], seconds, mark, before)

    def _errors(self, queue: Queue) -> dict[tuple[str, int], str]:
        """Why runs of this study failed, by cell and seed; not those of the study before an upgrade."""
        keys = {cell.run_key(seed) for cell in self.study.cells for seed in self.study.seeds}
        return {
            (state.trial.user_attrs["cell"], state.trial.user_attrs["seed"]): state.error
            for key, state in queue.states().items()
            if key in keys and state.status == "failed" and state.error
        }


def _read_earlier(store: Path, study: Study) -> Study | None:
    """The study that the store knows by this name; None where there is none, or none that can be read."""
    try:
        return read_study(store, study.name)
    except CltkError:
        return None


def _explain_edit(distribution: str) -> str:
    return (
        f"{distribution} was edited in place, under the same version, since runs that are finished: they stay. Give it "
        "a new version to run them again."
    )


def _is_done_elsewhere(attempts: Attempts | None, mark: str) -> bool:
    """Whether an item is finished, and its record is in another store than the one of this mark."""
    if attempts is None:
        return False
    state = State.of(attempts.current)
    return state.status == "finished" and worker_of(state.trial).get("store") != mark
