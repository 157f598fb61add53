"""What a Ray actor does: it executes a command, and answers how that is."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from typing import Any

__all__ = ["FINISHED", "CommandRunner"]

FINISHED = "finished"

_PATIENCE = 50
"""Seconds that the process gets to end."""


class CommandRunner:
    """A command in a process of its own.

    Args:
        command: The command.
        number: Which of the workers it is, for its environment.
    """

    def __init__(self, command: Sequence[str], number: int) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": self._log, "stderr": self._log}
        self._process = subprocess.Popen(command, env=os.environ | {"CLTK_WORKER": str(number)}, **pipes)  # noqa: S603

    def status(self) -> str:
        """Empty while it runs, ``FINISHED`` once it has ended well, else what it said last."""
        code = self._process.poll()
        if code is None:
            return ""
        if code == 0:
            return FINISHED
        if code == -signal.SIGKILL:
            return "it was killed, perhaps for want of memory"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"it ended with status {code}"

    def stop(self) -> None:
        """Terminates the process, if it runs."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
