"""Joint training: all tasks so far, at once."""

from __future__ import annotations

from pydantic import Field

from cltk.config import Settings
from cltk.interfaces import Parts, ScenarioInfo, Training
from cltk_baselines.from_scratch import FromScratch

__all__ = ["Joint"]


class Joint(FromScratch):
    """Trains the classifier from scratch on the data of all tasks so far. The upper bound: it stores everything.

    Source: "joint" (offline training) in van de Ven & Tolias 2018, arXiv 1809.10635, table 2.

    Deviations: trained anew at every task, so that the whole accuracy matrix exists; the paper trains once, at the end.
    """

    class Config(Settings):
        """The classifier's budget."""

        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts, capacity=sum(info.sizes), training=config.classifier)
