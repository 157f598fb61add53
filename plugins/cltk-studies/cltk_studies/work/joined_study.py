"""Working on studies that somebody else has begun."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cltk.processes.interrupts import Interrupts
from cltk_studies.work.database import StudyDatabase, open_database, reopen_database
from cltk_studies.work.display import Display
from cltk_studies.work.ending import Ending
from cltk_studies.work.jobs import study_in
from cltk_studies.work.monitor import StudyMonitor
from cltk_studies.work.persistence import Persistence
from cltk_studies.work.pool import Pool, spread_over_gpus
from cltk_studies.work.positions import Positions
from cltk_studies.work.queue import Queue
from cltk_studies.work.state import failures
from cltk_studies.work.stopping import explain_stop
from cltk_studies.work.study_sinks import StudySinks
from cltk_studies.work.worker import Worker, read_data

if TYPE_CHECKING:
    from cltk_studies.work.site import StudySite

__all__ = ["JoinedStudies"]


class JoinedStudies:
    """Studies that were begun elsewhere, of which all but the first may be begun later.

    Args:
        site: Where to work.
        names: The names of the studies.
        attached: Whether this process is a part of the command that began them: it then ends with that command, which
            shows and publishes what comes of its work.
    """

    def __init__(self, site: StudySite, names: tuple[str, ...], attached: bool) -> None:
        self._site, self._names, self._attached = site, names, attached

    def run(self, display: Display) -> Ending:
        """Works until nothing is left of them.

        Raises:
            ConfigError: There is no such study.
            CltkError: The store or the database fails, or a study cannot be run on this machine.
        """
        database, queue = self._open()
        worker = self._site.worker(*self._names)
        if self._attached:
            return Ending(None, interrupted=not _completes(lambda: self._work(worker, database, lambda: None)))
        store = self._site.store
        display.join(_counts(queue), Positions(store, self._names[0]))
        with display, StudySinks(self._site.sinks.make(store), study_in(queue), store) as sinks:
            monitor = StudyMonitor(queue, store, sinks, display.show)
            completed = _completes(lambda: self._work(worker, database, monitor.look))
            monitor.look()  # What ended since the last look.
        done = f"{_counts(queue)['finished']} of {len(queue.states())} runs of '{self._names[0]}' are finished."
        stopped = [] if completed else explain_stop(queue)
        return Ending(None, failures(queue.states()), not completed, [*sinks.notices, *stopped, done])

    def _open(self) -> tuple[StudyDatabase, Queue]:
        """The database, and the queue of the first study; the command that this is a part of has opened it before."""
        persist = Persistence()
        if self._attached:
            database = persist(lambda: reopen_database(self._site.where))
        else:
            database = open_database(self._site.where, is_there=True)
        return database, persist(lambda: Queue(database, self._names[0]))

    def _work(self, worker: Worker, database: StudyDatabase, watch: Callable[[], object]) -> None:
        if self._site.workers == 1:
            with Interrupts() as interrupts, self._ending_with_its_command():
                worker.work(interrupts.check, {}, watch)
            return
        workers = spread_over_gpus(worker, self._site.workers)
        # The workers are copies of this process: whatever makes threads comes after them.
        with Pool(workers, read_data(worker), database) as pool, self._ending_with_its_command():
            pool.run_until_done(watch)

    @contextmanager
    def _ending_with_its_command(self) -> Iterator[None]:
        if self._attached:
            threading.Thread(target=_terminate_at_end_of_input, daemon=True).start()
        yield


def _counts(queue: Queue) -> Counter[str]:
    """How many items are in which state."""
    return Counter(state.status for state in queue.states().values())


def _completes(work: Callable[[], None]) -> bool:
    """Works; whether that was not interrupted."""
    try:
        work()
    except KeyboardInterrupt:
        return False
    return True


def _terminate_at_end_of_input() -> None:
    """Asks this process to terminate when its standard input ends, as it does when whoever holds the pipe is dead."""
    while os.read(0, 1):  # Not by way of ``sys.stdin``, whose lock this thread would hold when the process ends.
        continue
    os.kill(os.getpid(), signal.SIGTERM)
