"""Transfer as Lopez-Paz & Ranzato 2017 measure it.

R[i][j] is the accuracy on task j after learning task i (i = 0: before any training), N the number of tasks.
"""

from __future__ import annotations

from typing import ClassVar

from cltk.interfaces import History, Metric
from cltk_metrics.mean import mean

__all__ = ["BackwardTransfer", "ForwardTransfer"]


class BackwardTransfer(Metric):
    """BWT: mean change from right after a task to the end: Σ_{j<N} (R[N][j] - R[j][j]) / (N-1).

    A difference of fractions of samples, in [-1, 1], below 0 where tasks were forgotten; not a number for one task.

    Source: Lopez-Paz & Ranzato 2017, arXiv 1706.08840.
    """

    low: ClassVar[float] = -1.0

    def value(self, history: History) -> float:
        """The mean distance of the last row from the diagonal, the last task left out."""
        last = history.tasks
        return mean(history.after(task=j, learned=last) - history.after(task=j, learned=j) for j in range(1, last))


class ForwardTransfer(Metric):
    """FWT: mean gain over the untrained model right before a task: Σ_{j>=2} (R[j-1][j] - R[0][j]) / (N-1).

    A difference of fractions of samples, in [-1, 1]; not a number for one task.

    Source: Lopez-Paz & Ranzato 2017, arXiv 1706.08840.
    """

    low: ClassVar[float] = -1.0

    def value(self, history: History) -> float:
        """The mean distance of the entries just above the diagonal from the row before any training."""
        later = range(2, history.tasks + 1)
        return mean(history.after(task=j, learned=j - 1) - history.after(task=j, learned=0) for j in later)
