"""Which process on which machine works on something, and whether it is still there."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["is_gone", "is_here", "process_of", "this_process"]


def this_process() -> dict[str, Any]:
    """Identifies this process among all machines, also after another one got its number."""
    return process_of(os.getpid())


def process_of(pid: int) -> dict[str, Any]:
    """Identifies a process of this machine likewise."""
    return {"host": socket.gethostname(), "pid": pid, "started": _started(pid)}


def is_here(process: Mapping[str, Any]) -> bool:
    """Whether a process runs, or ran, on this machine."""
    return bool(process.get("host") == socket.gethostname())


def is_gone(process: Mapping[str, Any]) -> bool:
    """Whether a process ran on this machine and is dead; nothing can be said of other machines."""
    return is_here(process) and _started(process["pid"]) != process["started"]


def _started(pid: int) -> str | None:
    """When a living process started, in the system's own units; None for one that is not there."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _signalled(pid)
    except ProcessLookupError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


def _signalled(pid: int) -> str | None:
    """Where there is no ``/proc``: whether a process of that number is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "alive"
