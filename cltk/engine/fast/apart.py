"""Why runs cannot be trained as one."""

from __future__ import annotations

__all__ = ["ApartError"]


class ApartError(Exception):
    """Runs have to be trained one after the other; its message is the reason, as the user is told it."""
