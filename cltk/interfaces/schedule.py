"""The replay schedule: how many samples are replayed at which task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from inspect import signature
from typing import Any, ClassVar

from cltk.config import Settings
from cltk.interfaces.component import Component, ScenarioInfo

__all__ = ["Amount", "ReplaySchedule", "total"]

Amount = int | Mapping[int, int]
"""How many samples to replay in an epoch: in all, or of each class."""


class ReplaySchedule(Component, ABC):
    """A pure function from the position in the sequence to an amount of replay.

    Built as ``ReplaySchedule(config, info)``.

    Attributes:
        is_adaptive: Whether ``count`` takes the past, so that nobody can say beforehand what it will give.
    """

    is_adaptive: ClassVar[bool] = False

    def __init__(self, config: Settings, info: ScenarioInfo) -> None:
        self.config = config
        self.info = info

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.is_adaptive = len(signature(cls.count).parameters) > len(("self", "completed", "current"))

    # An override takes two arguments or three; this signature is compatible with both.
    @abstractmethod
    def count(self, completed: int, current: int, *args: Any, **kwargs: Any) -> Amount:
        """The number of samples to replay in each epoch of a task: ``count(completed, current)``.

        It may take a third argument, ``past``, a ``Past``: what came of the tasks completed. Such a schedule needs
        validation data, as ``--scenario.validation 0.1`` holds out.

        The first task has nothing to replay; a strategy does not ask for its count.

        Args:
            completed: Number of tasks learned before this one (T), from 1.
            current: Number of training samples of the task itself (S0).
            args: Nothing, or ``past``.
            kwargs: Nothing.

        Returns:
            A whole number, 0 or more; or one for each class that was learned before, which those strategies can follow
            that can draw samples of a class.
        """


def total(amount: Amount) -> int:
    """The number of samples, of all classes."""
    return sum(amount.values()) if isinstance(amount, Mapping) else amount
