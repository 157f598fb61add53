"""What a Dask worker executes: a command, until it ends or is to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import Any

__all__ = ["run_command"]

_POLL = 0.5
"""Seconds between two looks at whether to stop."""

_PATIENCE = 60
"""Seconds that a process gets to end."""


def run_command(command: Sequence[str], stop: str, number: int) -> None:
    """Executes a command in a process of its own.

    Args:
        command: The command.
        stop: The name of the variable that says when to stop.
        number: Which of the workers it is, for its environment.

    Raises:
        RuntimeError: It failed; the last line of what it said.
    """
    from distributed import Variable, worker_client

    with worker_client(separate_thread=True) as client, tempfile.TemporaryFile() as log:
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        process = subprocess.Popen(command, env=os.environ | {"CLTK_WORKER": str(number)}, **pipes)  # noqa: S603
        stopping = Variable(stop, client=client)
        while process.poll() is None:
            if stopping.get(timeout=10):
                process.terminate()
                process.wait(_PATIENCE)
                return
            time.sleep(_POLL)
        if process.returncode == -signal.SIGKILL:
            raise RuntimeError("it was killed, perhaps for want of memory")
        if process.returncode:
            log.seek(0)
            lines = log.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError(lines[-1] if lines else f"it ended with status {process.returncode}")
