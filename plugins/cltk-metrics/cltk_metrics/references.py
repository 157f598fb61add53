"""Comparing runs with those that they are held against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from cltk.interfaces import History, Record
from cltk_metrics.mean import mean

__all__ = ["mean_over_runs", "ratio"]


def mean_over_runs(records: Sequence[Record], value: Callable[[History], float]) -> float:
    """The mean of a quantity of one run over several."""
    return mean(value(History.of(record)) for record in records)


def ratio(value: float, reference: float) -> float:
    """``value`` as a part of ``reference``; of a reference that is 0 or less, 1 if as little, else infinite."""
    if reference > 0:
        return value / reference
    return 1.0 if value <= reference else inf
