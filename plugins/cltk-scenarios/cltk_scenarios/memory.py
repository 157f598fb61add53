"""How much memory there is, so that a file that is too large is refused instead of ending the program."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from pathlib import Path

from cltk.errors import DataError

__all__ = ["require_memory"]

_COPIES = 3
"""What is read, what the tasks hold of it, and room to stack, scale and train."""


def require_memory(path: Path, values: int) -> None:
    """Refuses a file whose values would not fit into memory as float32.

    Args:
        path: The file.
        values: How many numbers it holds.

    Raises:
        DataError: They need more memory than is free.
    """
    needed, free = _COPIES * 4 * values, min(_free(), default=None)
    if free is not None and needed > free:
        raise DataError(
            f"The file '{path}' is larger than memory: its {values:,} values need about {needed / 1e9:,.1f} GB, and "
            f"{free / 1e9:,.1f} GB are free.",
            "Use a part of it, or a machine with more memory.",
        )


def _free() -> Iterator[int]:
    """Bytes that are free by each account that this system keeps."""
    if match := re.search(r"MemAvailable:\s*(\d+) kB", _text(Path("/proc/meminfo"))):
        yield int(match[1]) * 1024
    group = Path("/sys/fs/cgroup")
    limit, used = _text(group / "memory.max").strip(), _text(group / "memory.current").strip()
    if limit.isdecimal() and used.isdecimal():
        yield int(limit) - int(used)
    if (soft := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
        yield soft


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
