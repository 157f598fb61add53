"""Saying what a worker, or a command, waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher
from cltk_studies.work.lease import BEATS, worker_of
from cltk_studies.work.persistence import say
from cltk_studies.work.queue import Queue

__all__ = ["SlowStart", "Waiting"]

_SLOW = 60.0
"""Seconds after which a launcher is asked why nobody has begun."""


class Waiting:
    """Says of each attempt once that it is waited for while its worker gives no sign of life."""

    def __init__(self) -> None:
        self._said: set[tuple[str, int]] = set()

    def explain(self, queues: Sequence[Queue]) -> bool:
        """Says what is waited for, where that may take long; returns whether any worker is silent for long."""
        silent = False
        for queue in queues:
            lease = queue.limits.lease
            for state, seconds in queue.silences():
                attempt = queue.name, state.trial.number
                if seconds <= 2 * lease / BEATS:
                    continue
                silent = True
                if attempt not in self._said:
                    self._said.add(attempt)
                    host = worker_of(state.trial).get("host", "an unknown machine")
                    say(
                        f"'{state.name}' waits for a worker on {host} that has given no sign of life for {seconds:.0f} "
                        f"s: after {lease:.0f} s another one takes over. Nothing need be done."
                    )
        return silent


class SlowStart:
    """Says why workers that were launched have not begun, such as what a cluster says of its jobs.

    Args:
        launcher: What launched them.
    """

    def __init__(self, launcher: Launcher) -> None:
        self._launcher, self._since = launcher, monotonic()
        self._said: str | None = None
        self._begun = False

    def explain(self, handles: Mapping[str, Handle], queue: Queue) -> None:
        """Says it, once that has taken long."""
        if self._begun or monotonic() - self._since < _SLOW:
            return
        try:
            self._begun = any(state.status != "waiting" for state in queue.states().values())
            reasons = [reason for handle in handles.values() if (reason := self._launcher.waiting(handle))]
        except CltkError:  # The store, or the cluster, does not answer; it may the next time.
            return
        if not self._begun and reasons and reasons[0] != self._said:
            self._said = reasons[0]
            say(f"No worker has begun yet: {self._said}")
