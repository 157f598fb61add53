"""The replay schedule: how many samples are replayed at which task."""

from __future__ import annotations

from abc import ABC, abstractmethod

from cltk.config import Settings
from cltk.interfaces.component import Component, ScenarioInfo

__all__ = ["ReplaySchedule"]


class ReplaySchedule(Component, ABC):
    """A pure function from the position in the sequence to a number of samples.

    Built as ``ReplaySchedule(config, info)``.
    """

    def __init__(self, config: Settings, info: ScenarioInfo) -> None:
        self.config = config
        self.info = info

    @abstractmethod
    def count(self, completed: int, current: int) -> int:
        """The number of samples to replay in each epoch of a task.

        The first task has nothing to replay; a strategy does not ask for its count.

        Args:
            completed: Number of tasks learned before this one (T), from 1.
            current: Number of training samples of the task itself (S0).

        Returns:
            A whole number, 0 or more.
        """
