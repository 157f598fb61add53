"""How much the criteria of Díaz-Rodríguez et al. 2018 vary from seed to seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, isfinite, nan
from statistics import stdev

from cltk.interfaces import GroupMetric, History, Record
from cltk_metrics.criteria import Criteria

__all__ = ["Stability"]


class Stability(GroupMetric):
    """CL_stability: 1 - Σ_c w_c · std(c) / Σ_c w_c, over runs that differ in their seed.

    c are A, REM, BWT+, FWT, MS, SSS and CE; std is the sample's standard deviation. In [0, 1], without a unit; not a
    number for one run, or where a criterion that has a weight is not one.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.

    Deviations: weights need not sum to 1; they are divided by their sum.
    """

    class Config(Criteria):
        """The weights, in any unit, and the ε of CE."""

    config: Config

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._criteria = config.metrics

    def value(self, records: Sequence[Record], references: Mapping[str, Sequence[Record]]) -> float:
        """One less the weighted mean of the deviations."""
        if len(records) < 2:
            return nan
        histories = [History.of(record) for record in records]
        weights = self.config.weights
        values = {name: [self._criteria[name].value(history) for history in histories] for name in weights}
        if not all(isfinite(value) for column in values.values() for value in column):
            return nan
        spread = fsum(weight * stdev(values[name]) for name, weight in weights.items())
        return 1.0 - spread / fsum(weights.values())
