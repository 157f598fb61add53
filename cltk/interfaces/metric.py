"""The metric: one number about a run, or about several, from what was measured while they ran."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from cltk.config import Overrides, Settings
from cltk.interfaces.component import Component
from cltk.interfaces.history import History
from cltk.record import Record

__all__ = ["GroupMetric", "Measure", "Metric", "learned_by"]


class Measure(Component, ABC):
    """One number about a run, or about several.

    Attributes:
        direction: Whether more is better.
        low: The least value that can come out.
        high: The greatest.
    """

    direction: ClassVar[Literal["maximize", "minimize"]] = "maximize"
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    def __init__(self, config: Settings) -> None:
        self.config = config


class Metric(Measure, ABC):
    """A pure function of a run's history. Built as ``Metric(config)``."""

    @abstractmethod
    def value(self, history: History) -> float:
        """The metric of a history of one task or more; not a number where it is undefined for so few tasks."""


class GroupMetric(Measure, ABC):
    """A pure function of several runs of one experiment, which differ in their seeds. Built as ``GroupMetric(config)``.

    It may ask for runs of other experiments to hold them against. They are looked up, never run.
    """

    def references(self, config: Mapping[str, Any]) -> Mapping[str, Overrides]:
        """What else it needs, by a name of its own: what to lay over the experiment ``config``; nothing by default.

        ``{"joint": {"strategy": {"name": "joint"}}}`` asks for runs of the same experiment with joint training.
        """
        return {}

    @abstractmethod
    def value(self, records: Sequence[Record], references: Mapping[str, Sequence[Record]]) -> float:
        """The metric of one finished run or more; not a number where it is undefined for so few.

        Args:
            records: The runs, by seed.
            references: The finished runs of each experiment that it asked for, by seed; at least one each.
        """


def learned_by(strategy: str, config: Mapping[str, Any]) -> Overrides:
    """What to lay over the experiment ``config`` for another strategy to learn it: one that a method is held against.

    With the same classifier and its budget, or with that of the one network that a method learns in; by default ones
    where a method has neither.
    """
    budget = config["strategy"].get("classifier") or config["strategy"].get("network")
    return {"strategy": {"name": strategy} | ({} if budget is None else {"classifier": budget})}
