"""How often to write a checkpoint within a task."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["MINUTE", "Interval"]

MINUTE = 60.0
SHARE = 0.01
"""The share of a run's time that checkpoints within tasks may take."""


class Interval:
    """Says when the next one is due: after a while, and longer where writing one is slow.

    Args:
        seconds: The least time between two of them; with 0 one is always due, whatever it costs.
    """

    def __init__(self, seconds: float = MINUTE) -> None:
        self._least = seconds
        self._wait = seconds
        self._last = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() - self._last >= self._wait

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Measures the writing of one."""
        started = time.monotonic()
        yield
        self._last = time.monotonic()
        self._wait = max(self._least, (self._last - started) / SHARE) if self._least else 0.0
