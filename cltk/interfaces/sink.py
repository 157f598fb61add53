"""The sink: what reports runs while they go on."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cltk.config import Settings
from cltk.events import Event
from cltk.interfaces.component import Component
from cltk.record import Record

__all__ = ["RunGroup", "Sink", "Summary"]

Summary = Mapping[str, Mapping[str, float]]
"""Of each metric: its ``mean`` and, from two runs on, ``std`` and ``ci95``."""


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that belong together.

    Attributes:
        kind: The ``seeds`` of an experiment, a ``cell`` of a study, or a ``study`` of cells.
        name: What it is called.
        description: What it is for.
        config_hash: Of its runs; empty for a study, whose cells have one each.
        seeds: One run each; of a study, in each cell.
        parent: The name of the study that a cell belongs to; empty where it belongs to none.
        definition: What is run, fit for JSON.
    """

    kind: Literal["seeds", "cell", "study"]
    name: str
    description: str = ""
    config_hash: str = ""
    seeds: tuple[int, ...] = ()
    parent: str = ""
    definition: Mapping[str, Any] = field(default_factory=dict)


class Sink(Component, ABC):
    """Reports runs somewhere while they go on. Built as ``Sink(config, store)``.

    Nothing flows back: a sink changes no result. One that raises is left out from then on, and a notice says so, as
    does the record of a run that is under way in the same process. Every method does nothing unless it is overridden.

    Args:
        config: Its settings.
        store: The folder of all runs; that of one run is ``store / record.run_id``.
    """

    def __init__(self, config: Settings, store: Path) -> None:
        self.config = config
        self.store = store

    def observe(self, event: Event, record: Record) -> None:
        """Is told what happened in a run, with its record as it stands after it."""

    def finish(self, record: Record) -> None:
        """Is told that a run has ended, well or not; its folder is complete.

        Also of one that ended before, and was found to be what was asked for: nothing was observed of that.
        """

    def begin_group(self, group: RunGroup) -> None:
        """Is told that runs are about to begin that belong together."""

    def finish_group(self, group: RunGroup, records: Sequence[Record], summary: Summary, files: Path | None) -> None:
        """Is told that a group has ended, or was interrupted.

        Args:
            group: The group.
            records: Its runs as far as there are any, finished or not.
            summary: What the finished ones say together.
            files: A folder with what else there is to keep, such as a report, which stays until ``close``; None where
                there is nothing.
        """

    def close(self) -> Sequence[str]:
        """Waits until everything is written.

        Returns:
            What the user should know, a sentence each; such as what did not arrive, and how to send it later.
        """
        return ()
