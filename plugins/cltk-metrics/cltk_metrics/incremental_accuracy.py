"""How well everything seen so far is known, on average over the sequence."""

from __future__ import annotations

from cltk.interfaces import History, Metric
from cltk_metrics.mean import mean

__all__ = ["AverageIncrementalAccuracy"]


class AverageIncrementalAccuracy(Metric):
    """Σ_i (Σ_{j<=i} R[i][j] / i) / N: mean over the sequence of the mean accuracy on the tasks learned so far.

    A fraction of samples, in [0, 1]; defined from one task on.

    Source: Rebuffi et al. 2017, arXiv 1611.07725.

    Deviations: a mean over tasks, where the paper weighs test samples alike; the same where tasks are of one size.
    """

    def value(self, history: History) -> float:
        """The mean of the means of each row up to its diagonal."""
        return mean(mean(history.accuracy[learned][:learned]) for learned in range(1, history.tasks + 1))
