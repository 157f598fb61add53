"""Functions that watch a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cltk.config import Settings
from cltk.events import Event
from cltk.interfaces import Sink
from cltk.record import Record
from cltk.runs.sinks import Sinks

__all__ = ["calling"]

Observer = Callable[[Event, Record], None]


class _Calling(Sink):
    """Calls a function with all that it observes."""

    def __init__(self, observer: Observer) -> None:
        super().__init__(Settings(), Path())
        self._observer = observer

    def observe(self, event: Event, record: Record) -> None:
        self._observer(event, record)


def calling(*observers: Observer) -> Sinks:
    """Sinks that call these functions with every event and the record as it stands after it."""
    return Sinks({f"observer {number}": _Calling(observer) for number, observer in enumerate(observers)})
