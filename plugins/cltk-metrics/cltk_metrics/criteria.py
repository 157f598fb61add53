"""The seven criteria of Díaz-Rodríguez et al. 2018 and their weights."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from cltk.config import Settings
from cltk.interfaces import Metric
from cltk_metrics.diaz import Accuracy, ForwardTransfer, PositiveBackwardTransfer, Remembering
from cltk_metrics.efficiency import Computation, Epsilon, ModelSize, SampleStorage

__all__ = ["Criteria"]

Weight = Annotated[float, Field(ge=0, le=1e6)]

NAMES = ("accuracy", "rem", "bwt_plus", "fwt", "ms", "sss", "ce")


class Criteria(Settings):
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
        """The criteria that count, each with its weight."""
        return {name: weight for name in NAMES if (weight := getattr(self, name)) > 0}

    @property
    def metrics(self) -> dict[str, Metric]:
        """All criteria, by the names of their weights."""
        plain = Metric.Config()
        return {
            "accuracy": Accuracy(plain),
            "rem": Remembering(plain),
            "bwt_plus": PositiveBackwardTransfer(plain),
            "fwt": ForwardTransfer(plain),
            "ms": ModelSize(plain),
            "sss": SampleStorage(plain),
            "ce": Computation(Computation.Config(epsilon=self.epsilon)),
        }

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if not self.weights:
            raise ValueError(f"one of the weights {', '.join(NAMES)} must be above 0")
        return self
