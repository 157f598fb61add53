"""The seven criteria of Díaz-Rodríguez et al. 2018 as one number."""

from __future__ import annotations

from math import fsum

from cltk.interfaces import History, Metric
from cltk_metrics.criteria import Criteria

__all__ = ["Score"]


class Score(Metric):
    """CL_score: the weighted mean of A, REM, BWT+, FWT, MS, SSS and CE: Σ_c w_c · c / Σ_c w_c.

    In [0, 1], without a unit. Criteria of weight 0 are left out; where one of the others is undefined, as REM, BWT+ and
    FWT are for one task, so is the score: a mean over the rest would be another quantity under the same name.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.

    Deviations: weights need not sum to 1; they are divided by their sum.
    """

    class Config(Criteria):
        """The weights, in any unit, and the ε of CE."""

    config: Config

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._criteria = config.metrics

    def value(self, history: History) -> float:
        """The weighted mean of the criteria that have a weight."""
        weights = self.config.weights
        # Dividing at the end keeps rounding from lifting the score of perfect criteria above 1.
        total = fsum(weight * self._criteria[name].value(history) for name, weight in weights.items())
        return total / fsum(weights.values())
