"""How well everything is known in the end."""

from __future__ import annotations

from cltk.interfaces import History, Metric
from cltk_metrics.mean import mean

__all__ = ["FinalAverageAccuracy"]


class FinalAverageAccuracy(Metric):
    """Mean accuracy on all tasks after the last one: Σ_j R[N][j] / N.

    A fraction of samples, in [0, 1]; defined from one task on.

    Source: Lopez-Paz & Ranzato 2017, arXiv 1706.08840 (there named ACC).
    """

    def value(self, history: History) -> float:
        """The mean of the last row."""
        return mean(history.accuracy[-1])
