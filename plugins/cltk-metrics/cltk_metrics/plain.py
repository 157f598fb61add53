"""The part that the metrics without settings have in common."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable
from math import fsum, nan

from cltk.interfaces import Metric

__all__ = ["Plain", "mean"]


class Plain(Metric, ABC):
    """A metric without settings."""

    def __init__(self, config: Metric.Config) -> None:
        self.config = config


def mean(values: Iterable[float]) -> float:
    """The mean, whatever the order of the values; not a number where there are none."""
    terms = tuple(values)
    return fsum(terms) / len(terms) if terms else nan
