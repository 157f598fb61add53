"""Python's garbage collector, kept from taking time at the start and at the end."""

from __future__ import annotations

import atexit
import gc

__all__ = ["collect_rarely"]

_OBJECTS = 100_000
"""How many more objects than at the last collection make the next one due; by default, it takes about a thousand."""


def collect_rarely() -> None:
    """Collects garbage less often in this process, and none when it ends.

    An import leaves none, but takes a tenth of its time to search; the interpreter, ending, would go through all of
    PyTorch in search of cycles.
    """
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)
