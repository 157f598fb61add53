"""An object in a process of its own, called in order and never in the way of the process that calls it.

A library that is slow to import or to draw would take its time from the training, in a thread too.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Any, Concatenate, Generic, ParamSpec, TypeVar

from cltk.errors import CltkError
from cltk.processes.collector import collect_rarely
from cltk.processes.entry_points import tolerate_malformed
from cltk.processes.interrupts import ignoring

__all__ = ["BackgroundProcess", "serve"]

T = TypeVar("T")
P = ParamSpec("P")

_CLOSE = b""
"""Instead of a call: no more will come."""
_NICENESS = 5
"""By how much the process yields to others."""


class BackgroundProcess(Generic[T]):
    """An object in another process, whose methods are called there in order until one fails.

    Functions and arguments are pickled, functions by their names: what ``make`` and the methods import when they are
    called, they import in that process alone. It prints to standard error, and ends when this process does.

    Args:
        make: Makes the object in that process: a class, or a function at the top of a module.
        arguments: What ``make`` takes.
    """

    def __init__(self, make: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> None:
        command = [sys.executable, "-P", "-m", "cltk_mlflow.background"]
        errors = None if sys.stderr else subprocess.DEVNULL  # Where ours is closed, its own would be one of the pipes.
        with ignoring(signal.SIGINT, signal.SIGTERM):
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        self._closed = False
        self._problem: str | None = None
        self._send(pickle.dumps((make, arguments, options)))

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def submit(self, method: Callable[Concatenate[T, P], object], *arguments: P.args, **options: P.kwargs) -> None:
        """Has a method of the object called, such as ``submit(Writer.write, "text")``; after a failure, none is."""
        self._send(pickle.dumps((method, arguments, options)))

    def close(self) -> str | None:
        """Waits until all calls are done; returns what went wrong, in words, or None."""
        if not self._closed:
            self._closed = True
            self._send(_CLOSE)
            assert self._process.stdout is not None
            # The other pipe stays open while this one is read: it shows the process that somebody waits.
            answer = self._process.stdout.read()
            self._process.communicate()
            died = f"The background process ended with status {self._process.returncode}"
            self._problem = pickle.loads(answer) if answer else died  # noqa: S301 - from our own process
        return self._problem

    def _send(self, call: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(OSError):  # It ended, and ``close`` says why.
            pickle.dump(call, pipe)
            pipe.flush()


def serve() -> None:
    """Makes the calls that come in, and writes at the end what went wrong, if anything.

    The process that sends them may be killed. Then nothing more is done: the same command, called again, will do it.
    """
    collect_rarely()
    tolerate_malformed(backport=True)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Standard output of the calling process belongs to results.
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    calls: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(sys.stdin.buffer, calls), daemon=True).start()
    answers.write(pickle.dumps(_make_calls(calls)))
    answers.flush()
    os._exit(0)  # Threads of libraries are not worth waiting for.


def _receive(pipe: IO[bytes], calls: SimpleQueue[bytes]) -> None:
    """Takes calls as they come, however long one takes, so that whoever submits them need not wait."""
    while True:
        try:
            calls.put(pickle.load(pipe))  # noqa: S301 - from the process that started this one
        except Exception:  # That process ended, perhaps in the middle of a call.
            os._exit(1)


def _make_calls(calls: SimpleQueue[bytes]) -> str | None:
    """Makes the object and calls its methods, up to the first failure; returns that in words."""
    target: Any = None
    while (call := calls.get()) != _CLOSE:
        try:
            function, arguments, options = pickle.loads(call)  # noqa: S301 - from the process that started this one
            if target is None:
                target = function(*arguments, **options)
            else:
                function(target, *arguments, **options)
        except Exception as error:
            return error.problem if isinstance(error, CltkError) else f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    serve()
