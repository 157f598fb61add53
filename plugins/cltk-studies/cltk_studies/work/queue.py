"""The queue of a study: Optuna's waiting trials, each taken by one worker, and taken back from one that falls silent.

No lock is held and no machine's clock or name is asked: see ``attempts`` for what several trials of one item mean, and
``lease`` for who holds an item. A process that is killed at any moment leaves nothing that the others cannot mend.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from cltk_studies.questions.items import Item
from cltk_studies.work.attempts import AFTER, KEY, Attempts, group_attempts
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.kept_study import KeptStudy
from cltk_studies.work.lease import SIGN, Lease, LeaseLostError, beat_of, worker_of
from cltk_studies.work.limits import Limits
from cltk_studies.work.state import ERROR, LOSS, State
from cltk_studies.work.watch import Watch

__all__ = ["Queue"]

_SETTLING = 5.0
"""Seconds that whoever ends a lease gets to queue its item again, before others do."""

_FRESH = 5.0
"""Seconds for which a look at the queue is good enough to take items from."""


class Queue(KeptStudy):
    """The queue of one study.

    Args:
        database: Where it is.
        name: The study.
        directions: ``maximize`` or ``minimize`` for each objective, to make the study on first use; None to find it.

    Attributes:
        sampler: Makes what chooses the parameters of a trial, from the trial's number.

    Raises:
        ConfigError: There is no such study.
        StoreError: By each method too, when the database fails.
    """

    def __init__(self, database: StudyDatabase, name: str, directions: Sequence[str] | None = None) -> None:
        super().__init__(database, name, directions)
        self.sampler: Callable[[int], Any] = lambda number: optuna.samplers.RandomSampler()
        self._watch = Watch()
        self._waiting: deque[Attempts] = deque()
        self._looked, self._limits = float("-inf"), Limits()

    def submit(self, items: Sequence[Item], ended: Mapping[str, Attempts] | None = None) -> None:
        """Queues those items that are not waiting or running already, and have not ended.

        Args:
            items: What is to be done.
            ended: The attempts at the items, asked for before it was found that they are to be done: one that had ended
                by then is queued again. One that has ended since was done by another process meanwhile.
        """
        attempts, ended = self.attempts(), ended or {}
        with self.database.reported():
            for item in items:
                known, before = attempts.get(item.key), ended.get(item.key)
                if known is None or (before is not None and before.ended and known.newest == before.newest):
                    self.study.enqueue_trial(
                        dict(item.parameters), user_attrs={**item.attributes, **_after(known), KEY: item.key}
                    )
                elif known.is_lost:
                    self._queue_again(known)

    def note_finished(
        self, item: Item, values: Sequence[float], seconds: float, store: str, failed: Attempts | None = None
    ) -> None:
        """Takes in an item that was finished elsewhere, such as a run that another study has too.

        Args:
            item: The item.
            values: Those of the objectives.
            seconds: How long it took.
            store: The mark of the folder that its records are in.
            failed: The attempts at it here, all in vain; None where it was never queued.
        """
        said = {**item.attributes, **_after(failed), KEY: item.key, SIGN: {"store": store}}
        trial = create_trial(state=TrialState.COMPLETE, values=list(values), user_attrs=said)
        trial.datetime_start = trial.datetime_complete - timedelta(seconds=seconds)
        with self.database.reported():
            self.study.add_trial(trial)

    def claim(self, worker: str = "", store: str = "") -> Lease | None:
        """Takes an item that waits; None where none does.

        Args:
            worker: The name of the worker that takes it.
            store: The mark of the folder that its records go to.
        """
        lease = self._take(worker, store)
        if lease is None:
            self._look()
            lease = self._take(worker, store)
        return lease

    def take_back(self, worker: str, reason: str) -> None:
        """Takes back at once what a worker holds that is known to be dead, or all workers of a launch.

        Args:
            worker: The worker, or the launch that begins the names of its workers.
            reason: How it ended.
        """
        for attempts in self.attempts().values():
            holder = str(worker_of(attempts.current).get("id", ""))
            if attempts.current.state == TrialState.RUNNING and (holder == worker or holder.startswith(f"{worker}/")):
                self._end_lease(attempts, reason)

    def silences(self) -> list[tuple[State, float]]:
        """What is running, and for how many seconds its worker has given no sign of life, seen from here."""
        running = [each.current for each in self.attempts().values() if each.current.state == TrialState.RUNNING]
        return [(State.of(trial), self._silence(trial)) for trial in running]

    def attempts(self) -> dict[str, Attempts]:
        """The attempts at each item, by key."""
        with self.database.reported():
            return group_attempts(self.study.get_trials(deepcopy=False))

    def states(self) -> dict[str, State]:
        """How far each item is, by key."""
        return {key: State.of(attempts.current) for key, attempts in self.attempts().items()}

    def ended(self) -> set[str]:
        """The keys of the items that are finished or failed."""
        return {key for key, state in self.states().items() if state.ended}

    def under_way(self) -> bool:
        """Whether anything waits or runs."""
        return any(not state.ended for state in self.states().values())

    def _look(self) -> None:
        """Sees what waits, and mends what it finds broken."""
        with self.database.reported():
            attempts = group_attempts(self.study.get_trials(deepcopy=False), unfinished=True)
        self._limits = self.limits
        self._mend(attempts.values(), self._limits)
        self._waiting = deque(_in_turn(attempts.values()))
        self._looked = time.monotonic()

    def _take(self, worker: str, store: str) -> Lease | None:
        """Takes an item that waited when this process looked, unless that was too long ago.

        Reading a queue of thousands takes a server long. What was seen a moment ago is good enough: whichever attempt
        counts goes on to, until it ends, and only one process can begin it.
        """
        if time.monotonic() - self._looked > _FRESH:
            self._waiting.clear()
        tries = 0
        while self._waiting:
            trial = self._waiting[0].current
            retries = self._waiting.popleft().retries
            with self.database.reported():
                trial_id = self._id(trial.number)
                if not self._begin(trial_id):
                    tries += 1  # Others look at the same list: each goes on elsewhere in it.
                    self._waiting.rotate(-random.randrange(2 ** min(tries, 8)))  # noqa: S311 - not a secret
                    continue
                self.study.sampler = self.sampler(trial.number)
                begun = Trial(self.study, trial_id)
            again = partial(self._restore, trial.user_attrs[KEY])
            holder = {"id": worker, "store": store}
            lease = Lease(self.database, begun, trial_id, holder, self._limits.lease, retries, again)
            with suppress(LeaseLostError):
                lease.sign()
                return lease
        return None

    def _id(self, number: int) -> int:
        """The identifier of the trial of this number, which Optuna's storages ask for."""
        trial_id: int = self._trials.get_trial_id_from_study_id_trial_number(self._study_id, number)
        return trial_id

    def _begin(self, trial_id: int) -> bool:
        """Sets a waiting trial to running; False where another process was quicker."""
        try:
            begun: bool = self._trials.set_trial_state_values(trial_id, state=TrialState.RUNNING)
        except UpdateFinishedTrialError:
            return False
        return begun

    def _silence(self, trial: FrozenTrial) -> float:
        return self._watch.unchanged(trial.number, beat_of(trial))

    def _mend(self, attempts: Iterable[Attempts], limits: Limits) -> None:
        """Takes back what nobody gives signs of life of any more, and queues again what is lost."""
        for each in attempts:
            trial = each.current
            if trial.state == TrialState.RUNNING and self._silence(trial) > limits.lease:
                self._end_lease(each, f"it gave no sign of life for {limits.lease:.0f} s")
            elif each.is_lost and self._watch.unchanged(("lost", trial.number), None) > _SETTLING:
                with self.database.reported():
                    self._queue_again(each, limits)

    def _end_lease(self, attempts: Attempts, reason: str) -> None:
        """Ends the lease on an item, and queues the item again; nothing where somebody else has just done that."""
        number = attempts.current.number
        with self.database.reported(), suppress(UpdateFinishedTrialError):
            self._trials.set_trial_user_attr(self._id(number), LOSS, reason)
            self._trials.set_trial_state_values(self._id(number), state=TrialState.FAIL)
            self._restore(attempts.current.user_attrs[KEY])

    def _restore(self, key: str) -> None:
        """Queues an item again that this process has just ended an attempt at."""
        attempts = self.attempts()[key]
        if attempts.is_lost:
            with self.database.reported():
                self._queue_again(attempts, self.limits)

    def _queue_again(self, attempts: Attempts, limits: Limits | None = None) -> None:
        """Queues a lost item again, or fails it where it has lost too many workers. Another copy of it does no harm."""
        losses = attempts.losses
        if limits is not None and len(losses) >= limits.losses:
            reasons = list(dict.fromkeys(str(trial.user_attrs.get(LOSS, "it was killed")) for trial in losses))
            error = f"Its worker was lost {len(losses)} times: {'; '.join(reasons)}"
            self.study.add_trial(attempts.another(TrialState.FAIL, {ERROR: error}))
        else:
            self.study.add_trial(attempts.another(TrialState.WAITING))


def _after(past: Attempts | None) -> dict[str, int]:
    """What a trial says of the attempts at its item that are of the past."""
    return {AFTER: past.newest} if past else {}


def _in_turn(attempts: Iterable[Attempts]) -> list[Attempts]:
    """Those that wait, in order, but the first few shuffled: where many look at once, each tries another one first."""
    known = list(attempts)
    waiting = [each for each in known if each.current.state == TrialState.WAITING]
    others = sum(each.current.state == TrialState.RUNNING for each in known)
    first = waiting[: others + 1]
    random.shuffle(first)
    return first + waiting[others + 1 :]
