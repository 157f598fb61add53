"""What a run cost, as metrics: so that it can be an objective beside accuracy."""

from __future__ import annotations

from math import inf
from typing import ClassVar, Literal

from cltk.interfaces import History, Metric

__all__ = ["Operations", "SamplesReplayed"]


class SamplesReplayed(Metric):
    """Σ_i r_i, where r_i samples are replayed in an epoch of task i.

    A number of samples, 0 or more; defined from one task on.

    Source: the cost that Devoto et al. 2024 hold accuracy against: S - S0, summed over the tasks.
    """

    direction: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    high: ClassVar[float] = inf

    def value(self, history: History) -> float:
        """The sum over the tasks."""
        return float(sum(history.replayed))


class Operations(Metric):
    """Σ_i Ops(Tr_i): floating-point operations spent to learn all tasks, drawing replay included.

    0 or more; defined from one task on.

    Source: Ops(Tr_i) of CE in Díaz-Rodríguez et al. 2018, arXiv 1810.13166.
    """

    direction: ClassVar[Literal["maximize", "minimize"]] = "minimize"
    high: ClassVar[float] = inf

    def value(self, history: History) -> float:
        """The sum over the tasks."""
        return float(sum(history.operations))
