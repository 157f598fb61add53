"""Whether to stop: as the user of this process says, or somebody elsewhere who has stopped the study."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cltk.errors import CltkError, StoreError
from cltk_studies.work.chosen_launcher import ChosenLauncher
from cltk_studies.work.queue import Queue

__all__ = ["StopWatch", "explain_stop", "stop_study"]

_PERIOD = 3.0
"""Seconds between two looks at whether a study was stopped."""


class StopWatch:
    """Asks whether to stop, as often as it is asked, and now and then elsewhere.

    Args:
        stop: Raises ``KeyboardInterrupt`` if the user of this process wants to stop.
        queues: Gives the studies that may be stopped.
    """

    def __init__(self, stop: Callable[[], None], queues: Callable[[], Sequence[Queue]]) -> None:
        self._stop, self._queues = stop, queues
        self._next = 0.0

    def hurry(self) -> None:
        """Lets the next ``check`` ask elsewhere too, as something has happened."""
        self._next = 0.0

    def check(self) -> None:
        """Raises ``KeyboardInterrupt`` if work is to stop."""
        self._stop()
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PERIOD
        with suppress(StoreError):  # What works with the database says what is wrong with it.
            for queue in self._queues():
                if (reason := queue.signals.stopped) is not None:
                    self._next = 0.0
                    raise KeyboardInterrupt(f"The study '{queue.name}' was stopped: {reason}.")


def explain_stop(queue: Queue) -> list[str]:
    """Says why a study was stopped, if somebody else than the user of this process did it."""
    with suppress(StoreError):
        if (reason := queue.signals.stopped) is not None:
            return [f"The study '{queue.name}' was stopped: {reason}."]
    return []


def stop_study(queue: Queue, settings: Mapping[str, Mapping[str, Any]] | None = None) -> list[str]:
    """Has all who work on a study end, and what launchers have started for it.

    Workers notice by themselves too, within seconds; those that wait in the queue of a cluster would begin in vain.

    Args:
        queue: The study.
        settings: What launchers are set to, by name.

    Returns:
        What the user should know, a sentence each.
    """
    queue.signals.stop("somebody called cltk stop")
    notices = []
    for launch, kept in queue.signals.launches.items():
        try:
            ChosenLauncher(kept["launcher"], settings or {}).make(Path()).stop(kept["handle"])
        except CltkError as error:
            notices.append(f"{error.problem} They notice by themselves, if they are at work.")
        else:
            queue.signals.forget_launch(launch)
    return notices
