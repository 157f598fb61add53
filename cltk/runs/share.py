"""How much of a run is done, from what it reports of itself."""

from __future__ import annotations

from collections.abc import Mapping

from cltk.events import EpochEnded, Event, PhaseStarted, RunStarted, TaskEnded, TaskResumed, TaskStarted

__all__ = ["RunShare", "TaskShare"]


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


class RunShare:
    """Where a run is, and the share of it that is done. Every task is taken to be as much as any other.

    Attributes:
        tasks: How many tasks there are.
        task: The one that goes on, counted from 1; 0 before the first.
        epochs: How many passes the phase that goes on makes.
        epoch: Those that are done.
    """

    def __init__(self) -> None:
        self.tasks, self.task, self.epochs, self.epoch = 1, 0, 0, 0
        self._learned = 0
        self._in_task = TaskShare({})

    def observe(self, event: Event) -> None:
        """Takes note of what happened."""
        match event:
            case RunStarted():
                self.tasks, self.task, self._learned = len(event.classes), 0, event.completed
                self._in_task = TaskShare({})
            case TaskStarted():
                self.task = event.task + 1
            case PhaseStarted():
                self.epochs, self.epoch = event.epochs, 0
            case EpochEnded():
                self.epoch = event.epoch
            case TaskResumed():
                self.task, self.epochs, self.epoch = event.task + 1, event.epochs, event.epoch
            case TaskEnded():
                self._learned, self._in_task = event.task + 1, TaskShare(self._in_task.epochs)
        if isinstance(event, PhaseStarted | EpochEnded | TaskResumed):
            self._in_task.observe(event)

    @property
    def value(self) -> float:
        """The share, in [0, 1]."""
        return (self._learned + self._in_task.value) / max(self.tasks, 1)
