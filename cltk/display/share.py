"""How much of a task is done, from what its phases announce."""

from __future__ import annotations

from collections.abc import Mapping

from cltk.events import EpochEnded, PhaseStarted, TaskResumed

__all__ = ["TaskShare"]


class TaskShare:
    """The share of the epochs of a task that are done.

    Phases are known when they begin. Until then, those of the task before stand for them; in the first task every phase
    is taken for half of what is left.

    Args:
        before: The epochs of each phase of the task before; empty where nothing is known of it.
    """

    def __init__(self, before: Mapping[str, int]) -> None:
        self._before = before
        self._done: dict[str, int] = {}
        self.epochs: dict[str, int] = {}

    def observe(self, event: PhaseStarted | EpochEnded | TaskResumed) -> None:
        """Takes note of what happened."""
        match event:
            case PhaseStarted():
                self.epochs[event.phase], self._done[event.phase] = event.epochs, 0
            case EpochEnded():
                self._done[event.phase] = event.epoch
            case TaskResumed():
                for phase in event.seconds:  # Those before the one that goes on are over.
                    self._done[phase] = self.epochs[phase] = self._before.get(phase, 1)
                self.epochs[event.phase], self._done[event.phase] = event.epochs, event.epoch

    @property
    def value(self) -> float:
        """The share, in [0, 1]."""
        if not self._before:
            shares = [self._done[phase] / max(epochs, 1) for phase, epochs in self.epochs.items()]
            return 1 - 0.5 ** sum(shares)
        expected = {**self._before, **self.epochs}
        return sum(self._done.values()) / max(sum(expected.values()), 1)
