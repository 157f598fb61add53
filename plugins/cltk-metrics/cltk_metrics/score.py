"""The seven criteria of Díaz-Rodríguez et al. 2018 as one number."""

from __future__ import annotations

from math import fsum
from typing import Annotated, Self

from pydantic import Field, model_validator

from cltk.interfaces import History, Metric
from cltk_metrics.diaz import Accuracy, ForwardTransfer, PositiveBackwardTransfer, Remembering
from cltk_metrics.efficiency import Computation, Epsilon, ModelSize, SampleStorage

__all__ = ["Score"]

Weight = Annotated[float, Field(ge=0, le=1e6)]

CRITERIA = ("accuracy", "rem", "bwt_plus", "fwt", "ms", "sss", "ce")


class Score(Metric):
    """CL_score: the weighted mean of A, REM, BWT+, FWT, MS, SSS and CE: Σ_c w_c · c / Σ_c w_c.

    In [0, 1], without a unit. Criteria of weight 0 are left out; where one of the others is undefined, as REM, BWT+ and
    FWT are for one task, so is the score: a mean over the rest would be another quantity under the same name.

    Source: Díaz-Rodríguez et al. 2018, arXiv 1810.13166.

    Deviations: weights need not sum to 1; they are divided by their sum.
    """

    class Config(Metric.Config):
        """The weights, in any unit, and the ε of CE."""

        accuracy: Weight = Field(1.0, description="weight of A")
        rem: Weight = Field(1.0, description="weight of REM")
        bwt_plus: Weight = Field(1.0, description="weight of BWT+")
        fwt: Weight = Field(1.0, description="weight of FWT")
        ms: Weight = Field(1.0, description="weight of MS")
        sss: Weight = Field(1.0, description="weight of SSS")
        ce: Weight = Field(1.0, description="weight of CE")
        epsilon: Epsilon = 1.0

        @property
        def weights(self) -> dict[str, float]:
            """The weights above 0, by criterion; their sum is not normalised."""
            weights = {name: float(getattr(self, name)) for name in CRITERIA}
            return {name: weight for name, weight in weights.items() if weight > 0}

        @model_validator(mode="after")
        def _weighs_something(self) -> Self:
            if not self.weights:
                raise ValueError(f"one of the weights {', '.join(CRITERIA)} must be above 0")
            return self

    config: Config

    def __init__(self, config: Config) -> None:
        self.config = config
        plain = Metric.Config()
        self._criteria: dict[str, Metric] = {
            "accuracy": Accuracy(plain),
            "rem": Remembering(plain),
            "bwt_plus": PositiveBackwardTransfer(plain),
            "fwt": ForwardTransfer(plain),
            "ms": ModelSize(plain),
            "sss": SampleStorage(plain),
            "ce": Computation(Computation.Config(epsilon=config.epsilon)),
        }

    def value(self, history: History) -> float:
        """The weighted mean of the criteria that have a weight."""
        weights = self.config.weights
        # Dividing at the end keeps rounding from lifting the score of perfect criteria above 1.
        total = fsum(weight * self._criteria[name].value(history) for name, weight in weights.items())
        return total / fsum(weights.values())
