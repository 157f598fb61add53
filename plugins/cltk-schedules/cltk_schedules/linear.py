"""Replay that grows in proportion to the tasks completed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from cltk.interfaces import Dimension, IntRange, ReplaySchedule, ScenarioInfo
from cltk_schedules.samples import Samples, given_or_average

__all__ = ["Linear"]


class Linear(ReplaySchedule):
    """T · S_t samples, S_t for each of the T tasks completed, so that a task trains on S = S0 + T · S_t.

    The cost of the whole sequence grows quadratically with the number of tasks.

    Source: Devoto 2024, "Deep Generative View on Continual Learning", eq. 1.

    Deviations: none in the rule; the report gives no value of S_t, ours is what an average task has.
    """

    class Config(ReplaySchedule.Config):
        """How many samples for each task completed."""

        per_task: Samples | None = Field(
            None, description="samples to replay for each task completed (S_t); by default, an average task's"
        )

    config: Config

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """From no replay to twice the largest task at the last one, where T is N - 1."""
        return {"per_task": IntRange(0, max(1, 2 * max(info.sizes) // max(1, info.tasks - 1)))}

    def count(self, completed: int, current: int) -> int:
        """T · S_t."""
        return completed * given_or_average(self.config.per_task, self.info)
