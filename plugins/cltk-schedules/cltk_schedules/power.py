"""Replay that grows with a power of the tasks completed."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import Field

from cltk.interfaces import Dimension, FloatRange, IntRange, ReplaySchedule, ScenarioInfo
from cltk_schedules.samples import Samples, given_or_average

__all__ = ["Power"]


class Power(ReplaySchedule):
    """T^p · S_t samples after T tasks, rounded: ``fixed`` at p = 0, ``linear`` at p = 1, less than linear between.

    Source: none; it puts one number to the remark in Devoto 2024, "Deep Generative View on Continual Learning", that
        hand-set counts that grow less than linearly did slightly better.
    """

    class Config(ReplaySchedule.Config):
        """The scale and the exponent."""

        per_task: Samples | None = Field(
            None, description="samples to replay after the first task (S_t); by default, an average task's"
        )
        # With these bounds no number of tasks that fits a machine takes the power out of a float's range.
        exponent: float = Field(0.5, ge=0, le=10, description="how fast the number grows with the tasks completed (p)")

    config: Config

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """All between ``fixed`` and ``linear``, up to twice the largest task after the first one."""
        return {"per_task": IntRange(0, 2 * max(info.sizes)), "exponent": FloatRange(0.0, 1.0)}

    def count(self, completed: int, current: int) -> int:
        """T^p · S_t, rounded to the nearest whole number, halves to the even one."""
        first = given_or_average(self.config.per_task, self.info)
        return round(math.pow(completed, self.config.exponent) * first)
