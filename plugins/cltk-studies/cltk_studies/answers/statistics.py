"""Means over few seeds, and differences between cells that share their seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

__all__ = ["Difference", "Estimate", "difference", "estimate", "holm"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over ``n`` seeds, with its standard deviation and half the width of its 95 % t interval from two on."""

    n: int
    mean: float
    std: float | None = None
    ci95: float | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over ``n`` paired seeds, with its 95 % interval and p value from two on.

    ``p_holm`` is the p value adjusted for the number of cells that are compared with the baseline.
    """

    n: int
    mean: float
    ci95: float | None = None
    p: float | None = None
    p_holm: float | None = None


def estimate(values: Sequence[float]) -> Estimate:
    """Estimates a mean."""
    n, mean = len(values), statistics.fmean(values)
    if n < 2:
        return Estimate(n, mean)
    deviation = statistics.stdev(values)
    return Estimate(n, mean, deviation, _t_quantile(n - 1) * deviation / math.sqrt(n))


def difference(values: Mapping[int, float], baseline: Mapping[int, float]) -> Difference | None:
    """Compares two cells over the seeds that both have, by a paired t test.

    A t test, because five seeds must be able to settle something: the exact sign-flip and signed-rank tests have no p
    value below 2 / 2^5 = 0.0625 there, whatever the differences are. It asks for differences that are roughly normal,
    which means over thousands of test samples are. Runs are paired by construction: a seed means the same streams.

    Args:
        values: Of the cell, by seed.
        baseline: Of the baseline, by seed.

    Returns:
        None where they share no seed.
    """
    deltas = [values[seed] - baseline[seed] for seed in values if seed in baseline]
    if not deltas:
        return None
    of = estimate(deltas)
    if of.std is None or of.ci95 is None:
        return Difference(of.n, of.mean)
    if of.std == 0:
        return Difference(of.n, of.mean, 0.0, 1.0 if of.mean == 0 else 0.0)
    from scipy.special import stdtr

    p = 2 * float(stdtr(of.n - 1, -abs(of.mean) / (of.std / math.sqrt(of.n))))
    return Difference(of.n, of.mean, of.ci95, p)


def holm(differences: Mapping[str, Difference]) -> dict[str, Difference]:
    """Adjusts the p values of several cells against one baseline, after Holm (1979): valid whatever depends on what."""
    order = sorted((d.p, name) for name, d in differences.items() if d.p is not None)
    adjusted = dict(differences)
    highest = 0.0
    for rank, (p, name) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p))
        adjusted[name] = replace(differences[name], p_holm=highest)
    return adjusted


def _t_quantile(freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))
