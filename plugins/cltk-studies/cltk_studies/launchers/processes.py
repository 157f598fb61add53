"""Processes of this machine, told apart from those of other machines and containers, whatever these are called."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["handle_of", "is_gone", "is_here"]


def handle_of(pid: int) -> dict[str, Any]:
    """Identifies a process of this machine, also after another one got its number; ``host`` is only shown."""
    return {"host": socket.gethostname(), "table": _process_table(), "pid": pid, "started": _started(pid)}


def is_here(process: Mapping[str, Any]) -> bool:
    """Whether a process runs, or ran, where this one does, so that something can be said of it."""
    return process.get("table") == _process_table()


def is_gone(process: Mapping[str, Any]) -> bool:
    """Whether a process ran here and is dead."""
    return is_here(process) and _started(process["pid"]) != process["started"]


def _process_table() -> str:
    """Identifies the table that process numbers are of: the start of the system, and the container if there is one."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()


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
