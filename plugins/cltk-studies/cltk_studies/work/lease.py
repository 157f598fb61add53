"""The lease of an item: whoever holds it gives signs of life, and whoever falls silent loses it.

A lease is a running trial of Optuna's. It ends when somebody ends that trial: its holder, or another process that has
seen no sign of life for long enough by its own clock, or that knows the holder to be dead. Optuna's storages let a
trial be ended once, so that each process can find out whether it was the one; the item goes on as another trial.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from cltk.errors import StoreError
from cltk_studies.work.database import StudyDatabase
from cltk_studies.work.persistence import Persistence
from cltk_studies.work.state import ERROR, RETRIED, RETURNED

__all__ = ["BEATS", "SIGN", "Lease", "LeaseLostError", "beat_of", "worker_of"]

SIGN = "worker"
"""The attribute of a trial with the last sign of life of its worker."""

BEATS = 4.5
"""Signs of life that fit into the silence after which a lease is lost."""


class LeaseLostError(BaseException):
    """Somebody else has the item by now. Not an ``Exception``: a run that meets it must not write that it failed."""


class Lease:
    """An item that this process holds.

    Args:
        database: Where the trial is.
        trial: The running trial.
        trial_id: What Optuna's storages call it.
        holder: What is told of the worker that holds it: an ``id``, and where its records go.
        seconds: Silence after which it is lost.
        retries: How often the item was tried again already.
        queue_again: Queues the item again, once its trial has been ended for that.
    """

    def __init__(
        self,
        database: StudyDatabase,
        trial: Trial,
        trial_id: int,
        holder: Mapping[str, str],
        seconds: float,
        retries: int = 0,
        queue_again: Callable[[], None] = lambda: None,
    ) -> None:
        self.trial, self.retries = trial, retries
        self._queue_again = queue_again
        self._database, self._id, self._seconds = database, trial_id, seconds
        self._sign = {**holder, "host": socket.gethostname(), "pid": os.getpid()}
        self._beats = 0
        self._signed = monotonic()
        self._persist = Persistence()

    @property
    def name(self) -> str:
        """What the item is called."""
        attributes = self.trial.user_attrs
        return str(attributes.get("cell") or attributes.get("label") or attributes["key"])

    @contextmanager
    def kept(self, stop: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Gives signs of life inside, and gives the item back if its work is broken off.

        Args:
            stop: Raises ``KeyboardInterrupt`` if the user wants to stop.

        Raises:
            LeaseLostError: Somebody else has it by now.
        """
        self._persist = Persistence(stop)
        try:
            with _repeating(self._beat_quietly, self._seconds / BEATS), _lost_where_ended():
                yield
        except LeaseLostError:
            raise
        except BaseException:
            with suppress(Exception, LeaseLostError):  # Else it is taken back later; what came is still to be said.
                self._give_back()
            raise

    def sign(self) -> None:
        """Gives a sign of life.

        Raises:
            LeaseLostError: Somebody else has it by now.
            StoreError: The database does not take it.
        """
        sign = {**self._sign, "beat": self._beats}
        with self._database.reported(), _lost_where_ended():
            self._database.backend.set_trial_user_attr(self._id, SIGN, sign)
        self._beats += 1
        self._signed = monotonic()

    def confirm(self) -> None:
        """Makes sure that it is held still, which costs nothing where the last sign of life was not long ago.

        A process that was suspended finds out so before it writes anything. Where the database does not answer, it
        waits: others may reach it, and count this process as dead.

        Raises:
            LeaseLostError: Somebody else has it by now.
            StoreError: The database has not answered for minutes.
        """
        if monotonic() - self._signed > self._seconds * 2 / 3:
            self._persist(self.sign)

    def finish(self, values: Sequence[float]) -> None:
        """Ends the item with the values of its objectives."""
        self._persist(lambda: self._end(TrialState.COMPLETE, {}, values))

    def fail(self, error: str, *, retry: bool = False) -> None:
        """Ends the item with an error, for good or for this time."""
        # In this order: one that loses its lease between the two is tried again all the same.
        marks = {**({RETRIED: True} if retry else {}), ERROR: error[:2000]}
        self._persist(lambda: self._end(TrialState.FAIL, marks))
        if retry:
            self._persist(self._queue_again)

    def _give_back(self) -> None:
        self._end(TrialState.FAIL, {RETURNED: True})
        self._queue_again()

    def _end(self, state: TrialState, attributes: Mapping[str, Any], values: Sequence[float] | None = None) -> None:
        with self._database.reported(), _lost_where_ended():
            for name, value in attributes.items():
                self._database.backend.set_trial_user_attr(self._id, name, value)
            self._database.backend.set_trial_state_values(self._id, state, values)

    def _beat_quietly(self) -> None:
        """Gives a sign of life; what is wrong, ``confirm`` finds out."""
        with suppress(StoreError, LeaseLostError):
            self.sign()


def worker_of(trial: FrozenTrial) -> Mapping[str, Any]:
    """Who holds a trial or held it: ``id``, ``store``, ``host`` and ``pid``; empty where it has not signed."""
    sign: Mapping[str, Any] = trial.user_attrs.get(SIGN, {})
    return sign


def beat_of(trial: FrozenTrial) -> int | None:
    """The number of the last sign of life of a trial's worker."""
    beat: int | None = worker_of(trial).get("beat")
    return beat


@contextmanager
def _lost_where_ended() -> Iterator[None]:
    try:
        yield
    except UpdateFinishedTrialError as error:
        raise LeaseLostError from error


@contextmanager
def _repeating(action: Callable[[], None], seconds: float) -> Iterator[None]:
    """Does something every so many seconds in a thread, until the block ends."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(seconds):
            action()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(1)  # A server that hangs must not keep whoever ends.
