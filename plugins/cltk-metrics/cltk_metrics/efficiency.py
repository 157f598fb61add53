"""The criteria of Díaz-Rodríguez et al. 2018 that weigh memory and computation; N is the number of tasks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cltk.interfaces import History, Metric
from cltk_metrics.mean import mean

__all__ = ["Computation", "Epsilon", "ModelSize", "SampleStorage"]

Epsilon = Annotated[
    float,
    Field(gt=0, le=1e6, description="passes over a task's own data that count as fully efficient; in (0, 1000000]"),
]
"""The type of the field ε."""


class ModelSize(Metric):
    """MS: how little the models grow: min(1, Σ_i Mem(θ_1) / Mem(θ_i) / N), θ_i all parameters after task i.

    What a strategy keeps beside networks and samples, such as the importance of each parameter, is of the model too.

    A ratio of bytes, in [0, 1], 1 for every model of fixed size, however large; defined from one task on.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.

    Deviations: where there are no parameters after task i, its ratio is 1, as nothing has grown.
    """

    def value(self, history: History) -> float:
        """The mean ratio of the first size to each, at most 1."""
        extras = history.extra_bytes or (0,) * history.tasks
        sizes = [model + extra for model, extra in zip(history.model_bytes, extras, strict=True)]
        return min(1.0, mean(sizes[0] / size if size else 1.0 for size in sizes))


class SampleStorage(Metric):
    """SSS: how few samples are stored: 1 - min(1, Σ_i Mem(M_i) / Mem(D) / N), M_i those after task i, D all data.

    A ratio of bytes, in [0, 1], 1 where nothing is stored; defined from one task on.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.

    Deviations: where the data take no bytes, the ratio is 0 if nothing is stored and 1 otherwise.
    """

    def value(self, history: History) -> float:
        """One less the mean stored share of the data, that share being at most 1."""
        data = history.data_bytes
        stored = mean(size / data if data else float(size > 0) for size in history.buffer_bytes)
        return 1.0 - min(1.0, stored)


class Computation(Metric):
    """CE: how little is computed: min(1, Σ_i (Ops↑↓(Tr_i) · ε / Ops(Tr_i)) / N).

    Ops↑↓(Tr_i) are the operations of one forward and backward pass over the training data of task i, Ops(Tr_i) those
    spent to learn it. A ratio of operations, in [0, 1]; defined from one task on.

    ε keeps the values of methods that need many epochs away from 0: with ε = 5, whoever spends what five passes over
    each task's data cost gets 1. Values of different ε do not compare.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.

    Deviations: a task that was learned without any recorded operation (in closed form, say) has the ratio 1, whatever
        ε is.
    """

    class Config(Metric.Config):
        """The scale of the ratio."""

        epsilon: Epsilon = 1.0

    config: Config

    def value(self, history: History) -> float:
        """The mean ratio of a single pass to what was spent, scaled by ε, at most 1."""
        costs = zip(history.single_pass, history.operations, strict=True)
        return min(1.0, mean(self.config.epsilon * (single / spent) if spent else 1.0 for single, spent in costs))
