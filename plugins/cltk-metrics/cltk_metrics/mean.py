"""The mean that all metrics take."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, nan

__all__ = ["mean"]


def mean(values: Iterable[float]) -> float:
    """The mean, whatever the order of the values; not a number where there are none."""
    terms = tuple(values)
    return fsum(terms) / len(terms) if terms else nan
