"""Writing to a server in a process of its own, beside the training and never in its way.

MLflow takes seconds to import and to draw for; in a thread it would take them from the training.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pkgutil import resolve_name
from queue import SimpleQueue
from typing import IO, Any

from cltk.errors import StoreError
from cltk.processes.collector import collect_rarely
from cltk.processes.entry_points import tolerate_malformed
from cltk.processes.interrupts import ignoring

__all__ = ["Background", "serve"]

_CLOSE = b""
"""Instead of an order: there are no more."""
_GIVES_WAY = 5
"""How much nicer than the training the process is to others."""


class Background:
    """An object in another process, whose methods are called in order until something fails.

    Args:
        remedy: What the user can do about results that did not arrive, a sentence for ``notices``.
        make: Makes the object: ``module:name`` of a class or function, which is imported there alone.
        arguments: What it takes. These, and those of the methods, are pickled.
    """

    def __init__(self, remedy: str, make: str, *arguments: object) -> None:
        self._notices: list[str] = []
        self._remedy = remedy
        command = [sys.executable, "-P", "-m", "cltk.processes.background"]
        errors = None if sys.stderr else subprocess.DEVNULL  # Where ours is closed, its own would be one of the pipes.
        with ignoring(signal.SIGINT, signal.SIGTERM):
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        self._closed = False
        self._send(pickle.dumps((make, arguments)))

    def submit(self, method: str, *arguments: object) -> None:
        """Has a method called; after the first failure none is any more."""
        self._send(pickle.dumps((method, arguments)))

    @property
    def notices(self) -> list[str]:
        """What went wrong, a sentence each; waits until everything is written."""
        self.close()
        return self._notices

    def close(self) -> None:
        """Waits until everything is written."""
        if self._closed:
            return
        self._closed = True
        self._send(_CLOSE)
        assert self._process.stdout is not None
        answer = self._process.stdout.read()  # With the other pipe open: it is what shows that somebody waits.
        self._process.communicate()
        died = f"The process that writes to MLflow ended with status {self._process.returncode}"
        problem = pickle.loads(answer) if answer else died  # noqa: S301 - from our own process
        if problem:
            self._notices.append(f"{problem.rstrip('.')}. {self._remedy}")

    def _send(self, order: bytes) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with suppress(OSError):  # It ended, and ``close`` says why.
            pickle.dump(order, pipe)
            pipe.flush()


def serve() -> None:
    """The life of the process: carries out the orders that come, and answers at the end what went wrong, if anything.

    Whoever gives the orders may be killed. Then nothing more is written: the same command, called again, will do it.
    """
    collect_rarely()
    tolerate_malformed()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # What a library prints is no result.
    if hasattr(os, "nice"):
        os.nice(_GIVES_WAY)
    orders: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    answers.write(pickle.dumps(_carry_out(orders)))
    answers.flush()
    os._exit(0)  # A library's threads are not worth waiting for.


def _listen(pipe: IO[bytes], orders: SimpleQueue[bytes]) -> None:
    """Takes orders as they come, so that nobody waits who gives one, until there is nobody any more."""
    while True:
        try:
            orders.put(pickle.load(pipe))  # noqa: S301 - from the process that started this one
        except Exception:  # At the end, or in the middle of an order.
            os._exit(1)


def _carry_out(orders: SimpleQueue[bytes]) -> str | None:
    """Makes the object and calls its methods, up to the first mistake; returns that."""
    target: Any = None
    while (order := orders.get()) != _CLOSE:
        try:
            call, arguments = pickle.loads(order)  # noqa: S301 - from the process that started this one
            if target is None:
                target = resolve_name(call)(*arguments)
            else:
                getattr(target, call)(*arguments)
        except Exception as error:  # No mistake in tracking is worth a result.
            return error.problem if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    serve()
