"""Stability, plasticity and forgetting as parts of what reference runs reach.

R[i][j] is the accuracy on task j after learning task i, N the number of tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any, ClassVar, Literal

from cltk.config import Overrides, Settings
from cltk.interfaces import GroupMetric, History, Record, learned_by
from cltk_metrics.chaudhry import Forgetting
from cltk_metrics.mean import mean
from cltk_metrics.references import mean_over_runs, ratio

__all__ = ["NormalisedForgetting", "NormalisedPlasticity", "NormalisedStability"]


class NormalisedStability(GroupMetric):
    """Ω_base: what is kept of the first task, of what joint training knows of it: Σ_{i>=2} R[i][1] / (N-1) / J[N][1].

    J is the matrix of joint training on the tasks so far; its runs are looked up, never run. A ratio of the means over
    the seeds of both, 0 or more, 1 where the first task is known as well as to joint training; not a number for one
    task.

    Source: Kemker et al. 2018, arXiv 1708.02072.

    Deviations: where joint training knows nothing of the first task, 1 if the runs know nothing either, and no value
    otherwise.
    """

    high: ClassVar[float] = inf

    def references(self, config: Mapping[str, Any]) -> Mapping[str, Overrides]:
        """Joint training with the classifier's budget of the experiment."""
        return {"joint": learned_by("joint", config)}

    def value(self, records: Sequence[Record], references: Mapping[str, Sequence[Record]]) -> float:
        """The mean accuracy on the first task after each later one, over joint training's in the end."""
        reached = mean_over_runs(references["joint"], lambda history: history.after(task=1, learned=history.tasks))
        return ratio(mean_over_runs(records, _on_the_first_task_later), reached)


class NormalisedPlasticity(GroupMetric):
    """Ω_new, as a part of what fine-tuning reaches: Σ_{i>=2} R[i][i] / Σ_{i>=2} F[i][i].

    F is the matrix of fine-tuning, which nothing keeps from learning a new task; its runs are looked up, never run. A
    ratio of the means over the seeds of both, 0 or more, 1 where new tasks are learned as well; not a number for one
    task.

    Source: Kemker et al. 2018, arXiv 1708.02072.

    Deviations: the paper's Ω_new is the numerator alone, a mean; dividing makes 1 what the same networks can learn.
    Where fine-tuning learns nothing, 1 if the runs learn nothing either, and no value otherwise.
    """

    high: ClassVar[float] = inf

    def references(self, config: Mapping[str, Any]) -> Mapping[str, Overrides]:
        """Fine-tuning with the classifier's budget of the experiment."""
        return {"finetune": learned_by("finetune", config)}

    def value(self, records: Sequence[Record], references: Mapping[str, Sequence[Record]]) -> float:
        """The mean accuracy on each later task right after it, over that of fine-tuning."""
        return ratio(*(mean_over_runs(runs, _on_new_tasks) for runs in (records, references["finetune"])))


class NormalisedForgetting(GroupMetric):
    """F of the runs as a part of F of fine-tuning, which does nothing against forgetting; F: ``chaudhry-forgetting``.

    Runs of fine-tuning are looked up, never run. A ratio of the means over the seeds of both, 0 where nothing is
    forgotten, 1 where as much is as without any method, below 0 where tasks get better; not a number for one task.

    Source: F: Chaudhry et al. 2018, arXiv 1801.10112; the ratio: none.

    Deviations: where fine-tuning forgets nothing, 1 if the runs do not either, and no value otherwise.
    """

    direction: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    low: ClassVar[float] = -inf
    high: ClassVar[float] = inf

    def __init__(self, config: Settings) -> None:
        super().__init__(config)
        self._forgetting = Forgetting(Forgetting.Config())

    def references(self, config: Mapping[str, Any]) -> Mapping[str, Overrides]:
        """Fine-tuning with the classifier's budget of the experiment."""
        return {"finetune": learned_by("finetune", config)}

    def value(self, records: Sequence[Record], references: Mapping[str, Sequence[Record]]) -> float:
        """The forgetting of the runs over that of fine-tuning."""
        return ratio(*(mean_over_runs(runs, self._forgetting.value) for runs in (records, references["finetune"])))


def _on_the_first_task_later(history: History) -> float:
    return mean(history.after(task=1, learned=i) for i in range(2, history.tasks + 1))


def _on_new_tasks(history: History) -> float:
    return mean(history.after(task=i, learned=i) for i in range(2, history.tasks + 1))
