"""Forgetting as Chaudhry et al. 2018 measure it."""

from __future__ import annotations

from typing import ClassVar, Literal

from cltk.interfaces import History, Metric
from cltk_metrics.mean import mean

__all__ = ["Forgetting"]


class Forgetting(Metric):
    """F: mean fall from the best ever to the end: Σ_{j<N} (max_{1<=l<N} R[l][j] - R[N][j]) / (N-1).

    R[i][j] is the accuracy on task j after learning task i. As in the paper, the maximum runs over the rows after every
    task but the last: those before task j itself was learned count, the row before any training does not.

    A difference of fractions of samples, in [-1, 1], below 0 where tasks are at their best in the end; not a number for
    one task.

    Source: Chaudhry et al. 2018, arXiv 1801.10112.
    """

    direction: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    low: ClassVar[float] = -1.0

    def value(self, history: History) -> float:
        """The mean distance of the last row from the best of the trained rows above it."""
        last = history.tasks
        return mean(_best(history, j) - history.after(task=j, learned=last) for j in range(1, last))


def _best(history: History, task: int) -> float:
    return max(history.after(task=task, learned=i) for i in range(1, history.tasks))
