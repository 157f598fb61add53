"""What several seeds say together."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cltk.interfaces.sink import Summary
from cltk.record import Record

__all__ = ["Estimate", "Summary", "estimate", "mean_matrix", "summarise", "t_quantile"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``n`` seeds, with its standard deviation and half the width of its 95 % t interval from two on."""

    n: int
    mean: float
    std: float | None = None
    ci95: float | None = None


def estimate(values: Sequence[float]) -> Estimate:
    """Estimates a mean."""
    n, mean = len(values), statistics.fmean(values)
    if n < 2:
        return Estimate(n, mean)
    deviation = statistics.stdev(values)
    return Estimate(n, mean, deviation, t_quantile(n - 1) * deviation / math.sqrt(n))


def summarise(records: Sequence[Record]) -> Summary:
    """Mean, standard deviation and half the width of the 95 % t interval of each metric over the finished runs.

    With one finished run there is no deviation: ``std`` and ``ci95`` are left out.
    """
    finished = [record for record in records if record.finished]
    names = dict.fromkeys(name for record in finished for name in record.metrics)
    estimates = {
        name: estimate([record.metrics[name] for record in finished if name in record.metrics]) for name in names
    }
    return {name: _entries(result) for name, result in estimates.items()}


def mean_matrix(records: Sequence[Record]) -> tuple[list[list[float]], list[list[float]]]:
    """Mean and standard deviation of each entry of the accuracy matrices of two runs or more."""
    entries = [zip(*rows, strict=True) for rows in zip(*(record.accuracy for record in records), strict=True)]
    values = [[list(entry) for entry in row] for row in entries]
    means = [[statistics.fmean(entry) for entry in row] for row in values]
    return means, [[statistics.stdev(entry) for entry in row] for row in values]


@cache
def t_quantile(freedom: int) -> float:
    """What 97.5 % of Student's t distribution with so many degrees of freedom stay below."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def _entries(result: Estimate) -> dict[str, float]:
    if result.std is None or result.ci95 is None:
        return {"mean": result.mean}
    return {"mean": result.mean, "std": result.std, "ci95": result.ci95}
