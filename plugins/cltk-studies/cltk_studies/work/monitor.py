"""Looking after a study while others work on it: what has ended is shown and published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from cltk.errors import StoreError
from cltk.record import Record
from cltk.record_file import read_record
from cltk_studies.work.queue import Queue
from cltk_studies.work.state import State
from cltk_studies.work.study_sinks import StudySinks

__all__ = ["Show", "StudyMonitor"]

Show = Callable[[State, Sequence[Record], Mapping[str, int]], None]
"""Is told of an item that ended: how, its records as far as they are here, and how many items are in which state."""


class StudyMonitor:
    """Compares the queue with what it was before.

    Args:
        queue: The queue.
        store: Where this machine's records are.
        sinks: Are told of every run that ended here.
        show: Is told of every item that ended anywhere.
    """

    def __init__(self, queue: Queue, store: Path, sinks: StudySinks, show: Show) -> None:
        self._queue, self._store, self._sinks, self._show = queue, store, sinks, show
        self._seen = {state.trial.number for state in queue.states().values() if state.ended}

    def look(self) -> bool:
        """Looks once; returns whether anything is still under way."""
        states = self._queue.states().values()
        counts = Counter(state.status for state in states)
        for state in states:
            if state.ended and state.trial.number not in self._seen:
                self._seen.add(state.trial.number)
                records = self._records(state)
                for record in records:
                    self._sinks.finish_run(record, state.name)
                self._show(state, records, counts)
        return not all(state.ended for state in states)

    def _records(self, state: State) -> list[Record]:
        """The records of an item that ended, but for those of runs that somebody is at again."""
        records = []
        for run_id in state.trial.user_attrs.get("run_ids", ()):
            with suppress(StoreError):  # It is on the machine that ran it.
                records.append(read_record(self._store / run_id / "record.json"))
        return [record for record in records if record.status != "running"]
