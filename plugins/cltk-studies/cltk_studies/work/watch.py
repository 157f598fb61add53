"""How long something has stayed as it is, by this process's own clock: clocks of other machines may differ."""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic

__all__ = ["Watch"]


class Watch:
    """Remembers when it saw a value change."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[object, float]] = {}

    def unchanged(self, name: Hashable, value: object) -> float:
        """Seconds for which something has been seen to have this value; 0 at the first look."""
        now = monotonic()
        known, since = self._seen.setdefault(name, (value, now))
        if known != value:
            self._seen[name] = value, now
            return 0.0
        return now - since
