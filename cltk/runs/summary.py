"""What several seeds say together."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from cltk.record import Record

__all__ = ["Summary", "summarise"]

Summary = dict[str, dict[str, float]]
"""Of each metric: its ``mean`` and, from two seeds on, ``std`` and ``ci95``."""


def summarise(records: Sequence[Record]) -> Summary:
    """Mean, standard deviation and half the width of the 95 % t interval of each metric over the finished runs.

    With one finished run there is no deviation: ``std`` and ``ci95`` are left out.
    """
    finished = [record for record in records if record.finished]
    names = finished[0].metrics if finished else {}
    return {name: _summary([record.metrics[name] for record in finished if name in record.metrics]) for name in names}


def _summary(values: Sequence[float]) -> dict[str, float]:
    mean = {"mean": statistics.fmean(values)}
    if len(values) < 2:
        return mean
    from scipy.special import stdtrit

    deviation = statistics.stdev(values)
    half_width = float(stdtrit(len(values) - 1, 0.975)) * deviation / math.sqrt(len(values))
    return mean | {"std": deviation, "ci95": half_width}
