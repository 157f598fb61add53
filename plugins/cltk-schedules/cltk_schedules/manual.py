"""Replay in amounts set by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from cltk.errors import ConfigError
from cltk.interfaces import Dimension, IntRange, ReplaySchedule, ScenarioInfo
from cltk_schedules.samples import Samples

__all__ = ["Manual"]


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


class Manual(ReplaySchedule):
    """A number of samples for each task, set by hand.

    The first entry stands for the first task, which has nothing to replay: it is there so that entries and tasks have
    the same numbers, and is never used.

    Source: Devoto 2024, "Deep Generative View on Continual Learning", section 3.1.

    Deviations: the report does not give its counts, so there is no default.

    Raises:
        ConfigError: There is not exactly one entry a task.
    """

    class Config(ReplaySchedule.Config):
        """The numbers."""

        counts: Annotated[
            tuple[Samples, ...],
            Field(description="samples to replay at each task, one entry a task; the first is never used"),
            BeforeValidator(_as_list, json_schema_input_type=Samples | tuple[Samples, ...]),
        ] = ()

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo) -> None:
        if len(config.counts) != info.tasks:
            raise _wrong_length(len(config.counts), info.tasks)
        self.config = config

    @classmethod
    def search_space(cls, info: ScenarioInfo) -> Mapping[str, Dimension]:
        """Each entry but the first, from no replay to twice the largest task."""
        return {f"counts.{task}": IntRange(0, 2 * max(info.sizes)) for task in range(1, info.tasks)}

    def count(self, completed: int, current: int) -> int:
        """The entry of the task that follows T completed ones."""
        return self.config.counts[completed]


def _wrong_length(entries: int, tasks: int) -> ConfigError:
    example = ",".join(str(1000 * completed) for completed in range(min(tasks, 10))) + (",..." if tasks > 10 else "")
    return ConfigError(
        f"The schedule 'manual' has {entries} counts, but there are {tasks} tasks.",
        f"Give {tasks}, one for each task, the first of them 0: --schedule.counts {example}",
    )
