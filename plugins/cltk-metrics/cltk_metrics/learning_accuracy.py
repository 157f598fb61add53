"""How well tasks are learned, before anything of them is forgotten."""

from __future__ import annotations

from statistics import fmean

from cltk.interfaces import History, Metric

__all__ = ["LearningAccuracy"]


class LearningAccuracy(Metric):
    """LA: mean accuracy on each task right after it is learned, Σ R[i][i] / N, in [0, 1].

    It measures plasticity: how much room earlier tasks, and what is done against forgetting them, leave to new ones.

    Source: Riemer et al. 2019, arXiv 1810.11910.
    """

    def value(self, history: History) -> float:
        """The mean of the diagonal of the accuracy matrix, without its untrained row."""
        return fmean(history.after(task=i, learned=i) for i in range(1, history.tasks + 1))
