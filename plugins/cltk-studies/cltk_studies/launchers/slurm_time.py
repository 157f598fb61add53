"""Time limits as Slurm writes them."""

from __future__ import annotations

import re

__all__ = ["seconds_of"]

_TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<rest>\d+(?::\d+){0,2})")
_UNLIMITED = ("0", "unlimited", "infinite")


def seconds_of(time: str) -> float | None:
    """A time limit in seconds: ``minutes``, ``minutes:seconds``, ``hours:minutes:seconds``, ``days-hours:minutes``.

    Returns:
        None where Slurm sets no limit.

    Raises:
        ValueError: It means nothing to Slurm.
    """
    if time.lower() in _UNLIMITED:
        return None
    match = _TIME.fullmatch(time)
    if match is None:
        raise ValueError("expected minutes, such as 30, or '12:00:00', '2-00' (days and hours) or 'unlimited'")
    parts = [int(part) for part in match["rest"].split(":")]
    if match["days"]:
        hours, minutes, seconds = [*parts, 0, 0][:3]
    elif len(parts) == 3:
        hours, minutes, seconds = parts
    else:
        hours, (minutes, seconds) = 0, [*parts, 0][:2]
    return ((int(match["days"] or 0) * 24 + hours) * 60 + minutes) * 60 + seconds
