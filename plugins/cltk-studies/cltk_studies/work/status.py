"""How far a study is, as anybody sees it who reaches its database."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from optuna.study import StudyDirection

from cltk.errors import CltkError
from cltk.interfaces import Handle
from cltk_studies.work.chosen_launcher import ChosenLauncher
from cltk_studies.work.lease import worker_of
from cltk_studies.work.queue import Queue
from cltk_studies.work.state import State, failures

__all__ = ["Busy", "Launched", "StudyStatus"]


@dataclass(frozen=True, slots=True)
class Busy:
    """A worker that has something under way.

    Attributes:
        host: Its machine.
        pid: The number of its process there.
        item: What it does.
        since: When it began, by the clock of its machine.
    """

    host: str
    pid: int | None
    item: str
    since: str


@dataclass(frozen=True, slots=True)
class Launched:
    """Workers that a launcher has started.

    Attributes:
        launcher: Its name.
        alive: How many run or wait to run; None where that cannot be found out from here.
        reason: Why they ended, or wait, or cannot be asked for; None where there is nothing to say.
    """

    launcher: str
    alive: int | None
    reason: str | None

    @classmethod
    def of(cls, launcher: str, handle: Handle) -> Launched:
        """Asks the launcher."""
        try:
            made = ChosenLauncher(launcher).make(Path())
            alive = made.alive(handle)
            return cls(launcher, alive, (alive and made.waiting(handle)) or made.reason(handle))
        except CltkError as error:
            return cls(launcher, None, error.problem)


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """How far a study is.

    Attributes:
        name: The study.
        counts: The number of items that are ``waiting``, ``running``, ``finished`` and ``failed``.
        workers: Who has something under way.
        seconds_left: Estimated from what is finished, for as many workers as are busy; None where nothing is known.
        failures: Why items failed, by what they are called.
        best: The best so far, with its value; empty where nothing is finished.
        stopped: Why it was stopped; None where it was not.
        launched: What launchers have started for it, and not what has ended with it.
    """

    name: str
    counts: Mapping[str, int]
    workers: Sequence[Busy]
    seconds_left: float | None
    failures: Mapping[str, str]
    best: Mapping[str, float]
    stopped: str | None
    launched: Sequence[Launched]

    @classmethod
    def of(cls, queue: Queue) -> StudyStatus:
        """How far the study of a queue is."""
        states = queue.states()
        counts = Counter(state.status for state in states.values())
        launched = [Launched.of(**kept) for kept in queue.signals.launches.values()]
        is_done = all(state.ended for state in states.values())
        running = [state for state in states.values() if state.status == "running"]
        return cls(
            name=queue.name,
            counts={status: counts[status] for status in ("waiting", "running", "finished", "failed")},
            workers=[_busy(state) for state in running],
            seconds_left=_seconds_left(list(states.values()), max(1, len(running))),
            failures=failures(states),
            best=_best(list(states.values()), queue.study.directions[0]),
            stopped=queue.signals.stopped,
            launched=[each for each in launched if each.alive != 0 or not is_done],
        )

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.counts["waiting"] and not self.counts["running"]

    def to_dict(self) -> dict[str, Any]:
        """The status as JSON."""
        return {"schema": "cltk.study-status/1", **asdict(self)}


def _busy(state: State) -> Busy:
    worker, begun = worker_of(state.trial), state.trial.datetime_start
    return Busy(
        host=str(worker.get("host", "unknown")),
        pid=worker.get("pid"),
        item=state.full_name,
        since=begun.isoformat(" ", "seconds") if begun else "unknown",
    )


def _seconds_left(states: Sequence[State], workers: int) -> float | None:
    spans = [
        (state.trial.datetime_complete - state.trial.datetime_start).total_seconds()
        for state in states
        if state.status == "finished" and state.trial.datetime_complete and state.trial.datetime_start
    ]
    if not spans:
        return None
    now, usual = datetime.now(), statistics.fmean(spans)
    # Between nothing and all of it, as other machines have other clocks.
    begun = sum(
        min(usual, max(0.0, (now - state.trial.datetime_start).total_seconds()))
        for state in states
        if state.status == "running" and state.trial.datetime_start
    )
    work = usual * sum(not state.ended for state in states)
    left: float = max(0.0, work - begun) / workers
    return round(left, 1)


def _best(states: Sequence[State], direction: StudyDirection) -> dict[str, float]:
    """The item, or the cell by the mean over its seeds, whose first value is the best."""
    values: dict[str, list[float]] = {}
    for state in states:
        if state.status == "finished" and state.trial.values:
            values.setdefault(state.name, []).append(state.trial.values[0])
    means = {name: statistics.fmean(each) for name, each in values.items()}
    if not means:
        return {}
    best = (min if direction == StudyDirection.MINIMIZE else max)(means, key=lambda name: means[name])
    return {best: means[best]}
