"""The launcher ``local``: workers on this machine."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cltk.config import Settings
from cltk.errors import CltkError
from cltk.interfaces import Handle, Launcher
from cltk.processes.interrupts import ignoring
from cltk_studies.launchers.processes import handle_of, is_gone, is_here

__all__ = ["Local", "own_handle"]

_PATIENCE = 70
"""Seconds that the process gets to end cleanly; it gives its own workers less."""

_POLL = 0.02
"""Seconds between two looks at whether it has."""

DETACHED = "--detached"
"""The option of ``cltk worker`` by which it outlives the command that started it."""

_LOG = 2_000
"""Characters at the end of a log that are looked at for a reason."""


class Local(Launcher):
    """Starts one process on this machine, which makes its workers as copies of itself: they import everything once.

    Where there are several GPUs, the workers take turns on them. All of them end with the command that started them,
    however that ends, unless that leaves them at work.
    """

    def __init__(self, config: Settings, folder: Path) -> None:
        super().__init__(config, folder)
        # Their standard inputs stay open as long as this process lives: ``cltk worker --attached`` ends with them.
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, command: Sequence[str], n: int) -> Handle:
        """Starts the process; what it says goes to a log in the study's folder.

        Raises:
            CltkError: It cannot be started.
        """
        log = self.folder / f"workers-{os.getpid()}.log"
        try:
            # It ignores Ctrl-C, which reaches every process of a terminal, and is told to stop when it suits.
            with log.open("wb") as output, ignoring():
                stays = DETACHED in command
                process = subprocess.Popen(  # noqa: S603
                    _complete(command, n),
                    stdin=subprocess.DEVNULL if stays else subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                    start_new_session=stays,
                )
        except OSError as error:
            raise CltkError(f"The workers cannot be started: {error}") from error
        if stays:
            process.returncode = 0  # Nobody here is going to wait for it, and Python is not to warn of that.
        else:
            self._processes[process.pid] = process
        return _handle(process.pid, n, str(log))

    def alive(self, handle: Handle) -> int:
        """All of the workers, as long as their process is there.

        Raises:
            CltkError: It is on another machine.
        """
        if not is_here(handle):
            raise CltkError(f"The workers are on the machine '{handle['host']}'.", "Call this there.")
        if process := self._processes.get(handle["pid"]):
            process.poll()  # Else the system would keep its number after its end.
        return 0 if is_gone(handle) else int(handle["workers"])

    def reason(self, handle: Handle) -> str | None:
        """The last line of the log, where the process has ended."""
        if self.alive(handle):
            return None
        lines = _read_end(Path(handle["log"])).splitlines()
        return lines[-1] if lines else "their process was killed"

    def stop(self, handle: Handle) -> None:
        """Terminates the process, which first has its workers give back what they do.

        Raises:
            CltkError: It is on another machine.
        """
        deadline = time.monotonic() + _PATIENCE
        if self.alive(handle):  # Else its number may be that of somebody else's process by now.
            _send(signal.SIGTERM, handle)
        while self.alive(handle):
            if time.monotonic() > deadline:
                _send(signal.SIGKILL, handle)
            time.sleep(_POLL)
        self._let_go(handle)

    def _let_go(self, handle: Handle) -> None:
        process = self._processes.pop(handle["pid"], None)
        if process is not None:
            process.communicate()  # Closes its input and takes note of its end.
        if handle["log"] and not _read_end(Path(handle["log"])):
            Path(handle["log"]).unlink(missing_ok=True)

    def describe(self, command: Sequence[str], n: int) -> str:
        """The command line."""
        return shlex.join(_complete(command, n))


def own_handle() -> Handle:
    """The handle of this process itself, where it is the only worker."""
    return _handle(os.getpid(), 1, "")


def _handle(pid: int, workers: int, log: str) -> Handle:
    return {**handle_of(pid), "workers": workers, "log": log}


def _read_end(log: Path) -> str:
    try:
        return log.read_text(errors="replace")[-_LOG:].strip()
    except OSError:
        return ""


def _send(number: signal.Signals, handle: Handle) -> None:
    with suppress(ProcessLookupError):
        os.kill(handle["pid"], number)


def _complete(command: Sequence[str], n: int) -> list[str]:
    return [*command, "--workers", str(n), *([] if DETACHED in command else ["--attached"])]
