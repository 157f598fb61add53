"""The same amount of replay at every task."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from cltk.interfaces import Dimension, IntRange, ReplaySchedule, ScenarioInfo
from cltk_schedules.samples import Samples, given_or_average

__all__ = ["Fixed"]


class Fixed(ReplaySchedule):
    """The same number of samples at every task, however large the task is and however many came before.

    Source: none; the plainest schedule there is, for the others to be compared with.
    """

    class Config(ReplaySchedule.Config):
        """How many samples."""

        samples: Samples | None = Field(
            None, description="samples to replay at every task; by default, as many as an average task has"
        )

    config: Config

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """From no replay to twice the largest task."""
        return {"samples": IntRange(0, 2 * max(info.sizes))}

    def count(self, completed: int, current: int) -> int:
        """The same number always."""
        return given_or_average(self.config.samples, self.info)
