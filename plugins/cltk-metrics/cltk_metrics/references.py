"""Runs that others are held against: the same experiment learned in another way, with the classifier's budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from cltk.config import Overrides
from cltk.interfaces import History, Record
from cltk_metrics.mean import mean

__all__ = ["mean_over_runs", "ratio", "reference"]


def reference(config: Mapping[str, Any], strategy: str) -> Overrides:
    """What to lay over an experiment for ``strategy`` to learn it.

    With the same classifier and its budget, or with that of the one network that a method learns in; by default ones
    where a method has neither.
    """
    budget = config["strategy"].get("classifier") or config["strategy"].get("network")
    return {"strategy": {"name": strategy} | ({} if budget is None else {"classifier": budget})}


def mean_over_runs(records: Sequence[Record], value: Callable[[History], float]) -> float:
    """The mean of a quantity of one run over several."""
    return mean(value(History.of(record)) for record in records)


def ratio(value: float, reference: float) -> float:
    """``value`` as a part of ``reference``; of a reference that is 0 or less, 1 if as little, else infinite."""
    if reference > 0:
        return value / reference
    return 1.0 if value <= reference else inf
