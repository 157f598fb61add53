"""Intransigence as Chaudhry et al. 2018 measure it: what a model fails to learn because it must not forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from cltk.config import Overrides
from cltk.interfaces import GroupMetric, History, Record, learned_by
from cltk_metrics.mean import mean
from cltk_metrics.references import mean_over_runs

__all__ = ["Intransigence"]


class Intransigence(GroupMetric):
    """I: mean over the tasks k of a*[k] - R[k][k], where a* is the accuracy of joint training on the tasks up to k.

    R[k][k] is the accuracy on task k right after it. Joint training has the same classifier and its budget, default
    ones where a method has no classifier; its runs are looked up, never run. A difference of fractions of samples, in
    [-1, 1], below 0 where learning task after task is the better way; the means over the seeds of both are compared.

    Source: Chaudhry et al. 2018, arXiv 1801.10112.

    Deviations: the mean over all tasks, where the paper gives I_k for one.
    """

    direction: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    low: ClassVar[float] = -1.0

    def references(self, config: Mapping[str, Any]) -> Mapping[str, Overrides]:
        """Joint training with the classifier's budget of the experiment."""
        return {"joint": learned_by("joint", config)}

    def value(self, records: Sequence[Record], references: Mapping[str, Sequence[Record]]) -> float:
        """The mean accuracy of joint training on new tasks, less that of the runs."""
        return mean_over_runs(references["joint"], _on_new_tasks) - mean_over_runs(records, _on_new_tasks)


def _on_new_tasks(history: History) -> float:
    """Mean accuracy on each task right after it."""
    return mean(history.after(task=k, learned=k) for k in range(1, history.tasks + 1))
