"""Where studies are worked on, and the order in which that has to happen.

1. The study's database is checked not to be MLflow's, before anything is written: their tables do not go together.
2. Every cell is prepared: what is wrong with any of them is said before anything is created, and the data is in memory.
3. The database is opened, and another study under the same name is refused.
4. The study is kept in the database and in the store, where workers and reports find it.
5. Workers are started: they take seconds to import what they need, while this process goes on.
6. The plan is made: this process trains for a moment, to measure what a run costs.
7. What is to be done is queued, and workers begin with it.

``StudySite.ablation`` and ``StudySite.search`` take the first two steps, ``run`` of what they return the others.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cltk.config import Overrides
from cltk.errors import CltkError, Faults
from cltk.interfaces import Scenario
from cltk.machine import Machine, device_of
from cltk_studies.questions.ablation import check_ablation, prepare_study
from cltk_studies.questions.grid import Ablation
from cltk_studies.questions.plan import PlannedCell
from cltk_studies.questions.study import study_path
from cltk_studies.questions.tuning import Tuning, check_tuning, prepare_search
from cltk_studies.work.ablation_study import AblationStudy
from cltk_studies.work.chosen_launcher import ChosenLauncher
from cltk_studies.work.chosen_sinks import ChosenSinks
from cltk_studies.work.database import StudyDatabase, check_apart, open_database
from cltk_studies.work.joined_study import JoinedStudies
from cltk_studies.work.kept_study import study_names
from cltk_studies.work.limits import Limits
from cltk_studies.work.queue import Queue
from cltk_studies.work.search_study import SearchStudy
from cltk_studies.work.worker import Worker
from cltk_studies.work.workers import LaunchedWorkers, OwnProcess, Workers, take_back_single, worker_command

__all__ = ["StudySite"]


@dataclass(frozen=True, slots=True)
class StudySite:
    """A store of records, a database of studies, and workers.

    Attributes:
        store: The folder of the runs.
        study_db: Where studies are kept: a folder or a URL; None for the store.
        machine: Where and how workers compute.
        workers: How many there are; a single one is the calling process itself, unless a launcher is named.
        launcher: What starts them.
        sinks: What is told of studies.
        limits: What studies put up with.
        detached: Whether workers that are launched are left at work.
        launch: Begins the names of the workers, where a launcher started this process; else they get one.
        scenarios: The data that is in memory.
    """

    store: Path
    study_db: str | None = None
    machine: Machine = field(default_factory=lambda: Machine(threads=1))
    workers: int = 1
    launcher: ChosenLauncher = field(default_factory=ChosenLauncher)
    sinks: ChosenSinks = field(default_factory=ChosenSinks)
    limits: Limits = field(default_factory=Limits)
    detached: bool = False
    launch: str | None = None
    scenarios: dict[str, Scenario] = field(default_factory=dict)

    def ablation(self, ablation: Ablation, base: Overrides, faults: Faults | None = None) -> AblationStudy:
        """An ablation that is ready to run.

        Args:
            ablation: What is varied.
            base: The experiment that all cells share.
            faults: What is wrong already, which is told together with what is found here.

        Raises:
            CltkError: A cell is no valid experiment, or cannot be run here; or the database is not one for studies.
        """
        faults = self._checked(faults)
        if faults.all:
            check_ablation(ablation, base, faults)
        faults.settle()
        return AblationStudy(self, *prepare_study(ablation, base, self.machine, self.scenarios))

    def search(self, tuning: Tuning, base: Overrides, faults: Faults | None = None) -> SearchStudy:
        """A search that is ready to run.

        Args:
            tuning: What is searched for.
            base: The experiment that it starts from.
            faults: What is wrong already, which is told together with what is found here.

        Raises:
            CltkError: Some of its trials are no valid experiments, or cannot be run here; or the database is not one
                for studies.
        """
        faults = self._checked(faults)
        if faults.all:
            check_tuning(tuning, base, faults)
        faults.settle()
        return SearchStudy(self, *prepare_search(tuning, base, self.machine, self.scenarios), tuning.trials)

    def join(self, names: Sequence[str], *, attached: bool = False) -> JoinedStudies:
        """Studies that were begun elsewhere; see ``JoinedStudies``.

        Raises:
            ConfigError: The database is not one for studies.
        """
        self.check()
        return JoinedStudies(self, tuple(names), attached)

    def check(self) -> None:
        """Checks what can be checked before anything is written.

        Raises:
            ConfigError: The database is of a kind that is not supported, or a sink's; or there is no such launcher, or
                no such sink.
        """
        check_apart(self.where, self.sinks.urls)
        faults = Faults()
        with faults.further():
            self.launcher.check()
        with faults.further():
            self.sinks.make(self.store)
        faults.settle()

    def _checked(self, faults: Faults | None) -> Faults:
        """The faults, with those of this place."""
        faults = faults or Faults()
        with faults.further():
            device_of(self.machine)
        with faults.further():
            self.check()
        return faults

    def open(self) -> StudyDatabase:
        """Opens the database.

        Raises:
            ConfigError: It cannot be reached or written, or holds something else.
        """
        return open_database(self.where)

    @property
    def where(self) -> str:
        """The database of the studies."""
        return self.study_db or str(self.store.absolute())

    @property
    def works_alone(self) -> bool:
        """Whether there is no worker but the calling process."""
        return self.workers == 1 and self.launcher.name is None and not self.detached

    def worker(self, *studies: str) -> Worker:
        """What a worker on these studies has to know."""
        return Worker(studies, self.store, self.where, self.machine, self.launch or uuid.uuid4().hex)

    def start_workers(self, queue: Queue, *studies: str) -> Workers:
        """The workers on these studies; what is launched is kept with the queue of the first one."""
        worker = self.worker(*studies)
        queue.limit(self.limits)
        for study in set(studies).intersection(study_names(queue.database)):  # One that follows may have been stopped.
            Queue(queue.database, study).signals.go_on()
        self._take_back_from_dead(queue)
        if self.works_alone:
            return OwnProcess(worker, self.scenarios, queue)
        launcher = self.launcher.make(study_path(self.store, studies[0]).parent)
        return LaunchedWorkers(launcher, self.launcher.plugin.name, worker, self.workers, queue, self.detached)

    def settle(self, queue: Queue) -> list[str]:
        """Settles what a study computes with; says so where it was made with something else than is asked for now."""
        settled, asked = queue.settle(self.machine), self.machine
        if (asked.threads or 1) == settled.threads and asked.precision in ("auto", settled.precision):
            return []
        return [
            f"All of the study is computed as it was begun: in {settled.precision}, with --threads {settled.threads}. "
            "For something else, give it another name."
        ]

    def _take_back_from_dead(self, queue: Queue) -> None:
        """Takes back what workers of earlier commands hold that their launchers know to be dead."""
        for launch, kept in queue.signals.launches.items():
            with suppress(CltkError):  # It is of a launcher that is not installed here, or cannot be asked.
                launcher = ChosenLauncher(kept["launcher"], self.launcher.settings).make(Path())
                take_back_single(queue, launch, launcher.ended(kept["handle"]))
                if launcher.alive(kept["handle"]) == 0:
                    queue.take_back(launch, launcher.reason(kept["handle"]) or "its process had ended")
                    queue.signals.forget_launch(launch)

    def explain_launcher(self, planned: Sequence[PlannedCell]) -> list[str]:
        """Says which launchers are set and not used, and whether runs may take longer than workers may work."""
        longest = max((cell.seconds for cell in planned if cell.open), default=0.0)
        limit = None if self.works_alone else self.launcher.make(self.store).time_limit
        if limit is None or longest <= limit:
            return self.launcher.notices
        return [
            *self.launcher.notices,
            f"A run is estimated at {longest:.0f} s, and the launcher '{self.launcher.plugin.name}' ends its workers "
            f"after {limit:.0f} s: raise its time limit. Others go on from the last checkpoint, as often as it takes.",
        ]

    def describe_workers(self, *studies: str) -> str | None:
        """What would be launched, as text; None where this process works alone."""
        if self.works_alone:
            return None
        launcher = self.launcher.make(study_path(self.store, studies[0]).parent)
        return launcher.describe(worker_command(self.worker(*studies)), self.workers)
