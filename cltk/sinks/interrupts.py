"""Ctrl-C at a moment that suits: never in the middle of an import, and never lost."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType

__all__ = ["Interrupts"]


class Interrupts:
    """Puts off the first interrupt, while it is entered, until somebody asks; a second one acts at once.

    An interrupt that strikes inside an import can be swallowed there, or leave Python's import lock taken for ever,
    and another thread is importing MLflow while the training goes on. A program that handles interrupts in its own way
    is left to do so.
    """

    def __init__(self) -> None:
        self._came = False
        self._installed = False

    def __enter__(self) -> Interrupts:
        """Listens."""
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listens no more."""
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def check(self) -> None:
        """Raises ``KeyboardInterrupt`` if there was one."""
        if self._came:
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True
