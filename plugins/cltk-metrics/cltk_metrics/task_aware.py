"""How well everything is known in the end to whoever is told the task."""

from __future__ import annotations

from cltk.interfaces import History, Metric
from cltk_metrics.mean import mean

__all__ = ["TaskAwareAccuracy"]


class TaskAwareAccuracy(Metric):
    """Mean accuracy on all tasks after the last one, each sample among the classes of its own task: Σ_j A[N][j] / N.

    A is the accuracy matrix of the same scores without those of other tasks' classes. Beside ``final-average-accuracy``
    it tells forgetting within tasks from confusing tasks. A fraction of samples, in [0, 1]; defined from one task on.

    Source: van de Ven & Tolias 2019, arXiv 1904.07734: its task-incremental setting, scored without training for it.
    """

    def value(self, history: History) -> float:
        """The mean of the last task-aware row."""
        return mean(history.task_aware[-1])
