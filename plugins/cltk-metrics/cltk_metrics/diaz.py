"""The criteria of Díaz-Rodríguez et al. 2018 that are read off the accuracy matrix.

R[i][j] is the accuracy on task j after learning task i, N the number of tasks. The row before any training (i = 0)
plays no part in any of them.
"""

from __future__ import annotations

from math import isnan
from typing import ClassVar

from cltk.interfaces import History, Metric
from cltk_metrics.mean import mean

__all__ = ["Accuracy", "BackwardTransfer", "ForwardTransfer", "PositiveBackwardTransfer", "Remembering"]


class Accuracy(Metric):
    """A: mean accuracy on the tasks learned so far, over the whole sequence: Σ_{i>=j} R[i][j] / (N(N+1)/2).

    A fraction of samples, in [0, 1]; defined from one task on.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.
    """

    def value(self, history: History) -> float:
        """The mean of the lower triangle with its diagonal."""
        rows = range(1, history.tasks + 1)
        return mean(history.after(task=j, learned=i) for i in rows for j in range(1, i + 1))


class ForwardTransfer(Metric):
    """FWT: mean accuracy on tasks that are still to come: Σ_{i<j} R[i][j] / (N(N-1)/2).

    A fraction of samples, in [0, 1]; not a number for one task. An accuracy, not a gain: chance counts as transfer.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.
    """

    def value(self, history: History) -> float:
        """The mean of the upper triangle without its diagonal, which starts at the row after task 1."""
        tasks = history.tasks
        return mean(history.after(task=j, learned=i) for i in range(1, tasks) for j in range(i + 1, tasks + 1))


class BackwardTransfer(Metric):
    """BWT: mean change on tasks learned earlier: Σ_{i>=2} Σ_{j<i} (R[i][j] - R[j][j]) / (N(N-1)/2).

    A difference of fractions of samples, in [-1, 1], below 0 where tasks were forgotten; not a number for one task.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.
    """

    low: ClassVar[float] = -1.0

    def value(self, history: History) -> float:
        """The mean, over the lower triangle without its diagonal, of the distance from the diagonal above."""
        return _backward(history)


class Remembering(Metric):
    """REM: what is left after forgetting: 1 - |min(BWT, 0)|.

    In [0, 1], 1 where nothing was forgotten on balance; not a number for one task.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.
    """

    def value(self, history: History) -> float:
        """The negative part of the backward transfer, turned so that more is better."""
        transfer = _backward(history)
        return transfer if isnan(transfer) else 1.0 - abs(min(transfer, 0.0))


class PositiveBackwardTransfer(Metric):
    """BWT+: how much later tasks improved earlier ones: max(BWT, 0).

    A difference of fractions of samples, in [0, 1]; not a number for one task.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.
    """

    def value(self, history: History) -> float:
        """The positive part of the backward transfer."""
        transfer = _backward(history)
        return transfer if isnan(transfer) else max(transfer, 0.0)


def _backward(history: History) -> float:
    rows = range(2, history.tasks + 1)
    return mean(history.after(task=j, learned=i) - history.after(task=j, learned=j) for i in rows for j in range(1, i))
