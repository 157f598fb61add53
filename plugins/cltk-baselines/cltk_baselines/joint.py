"""Joint training: all tasks so far, at once."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from cltk.config import Settings
from cltk.interfaces import Parts, Phase, Published, ScenarioInfo, Streams, Task, Training
from cltk_baselines.from_scratch import FromScratch, Images

__all__ = ["Joint"]


class Joint(FromScratch):
    """Trains the classifier from scratch on the data of all tasks so far. The upper bound: it stores everything.

    Source: "joint" in van de Ven, Li & Tolias 2021, arXiv 2104.10093, whose code trains once on all tasks.

    Deviations: trained anew at every task, so that the whole accuracy matrix exists; the paper trains once, at the end,
    as ``at_end`` does. What van de Ven & Tolias 2018, arXiv 1809.10635, call joint is ``cumulative`` in their code.
    """

    published = (
        Published(
            "class-incremental Split MNIST",
            0.9823,
            "van de Ven, Li & Tolias 2021, arXiv 2104.10093",
            study="published-split-mnist",
            cell="joint",
        ),
    )

    class Config(Settings):
        """The classifier's budget."""

        # Where these two have their defaults they are left out, as in configurations of before there were any.
        at_end: bool = Field(
            False,
            exclude_if=lambda value: value is False,
            description="train once, when all tasks are there, instead of anew at each",
        )
        images: Images = Field(
            "real",
            exclude_if=lambda value: value == "real",
            description="learn images as they are, or with each pixel drawn as 0 or 1 by its grey value",
        )
        classifier: Training = Field(Training(), description="budget and optimizer of the classifier")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts, sum(info.sizes), config.classifier, config.images)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Stores the task, and yields one phase on all that is stored, where it is time."""
        if self.config.at_end and task.index < self.info.tasks - 1:
            self.buffer.add(task, streams)
        else:
            yield from super().phases(task, streams)
