"""Ctrl-C, or a request to terminate, at a moment that suits: never in the middle of an import, and never lost."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Interrupt", "Interrupts", "ignoring", "telling_apart"]

_SIGNALS = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
_SAID = {signal.SIGINT: "Interrupted by the user.", signal.SIGTERM: "Terminated by another program (SIGTERM)."}


class Interrupt(KeyboardInterrupt):
    """Somebody wants this process to stop, unlike where some code raises a ``KeyboardInterrupt`` of itself."""


class Interrupts:
    """Puts off the first interrupt, while it is entered, until somebody asks; a second one acts at once.

    An interrupt that strikes inside an import can be swallowed there, or leave Python's import lock taken for ever. A
    program that handles interrupts in its own way is left to do so. It may be entered by several runs at once.
    """

    def __init__(self) -> None:
        self._came: int | None = None
        self._before: dict[int, Any] = {}
        self._entered = 0

    def __enter__(self) -> Interrupts:
        """Listens."""
        self._entered += 1
        if self._entered == 1 and threading.current_thread() is threading.main_thread():
            for number, default in _SIGNALS.items():
                if signal.getsignal(number) is default:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Listens no more, once all have left."""
        self._entered -= 1
        if not self._entered:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            self._before.clear()

    @property
    def came(self) -> bool:
        """Whether there was one."""
        return self._came is not None

    def check(self) -> None:
        """Raises ``KeyboardInterrupt``, which says what came, if there was one."""
        if self._came is not None:
            raise KeyboardInterrupt(_SAID[signal.Signals(self._came)])

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._came is not None:
            raise KeyboardInterrupt(_SAID[signal.Signals(number)])
        self._came = number


@contextmanager
def telling_apart() -> Iterator[None]:
    """Makes the interrupts that signals raise inside an ``Interrupt``: any other one was raised by the code there."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Signals are handled in the main thread alone.
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    own = {number: handler for number, handler in before.items() if callable(handler)}
    for number, handler in own.items():
        signal.signal(number, partial(_handle, handler))
    try:
        yield
    finally:
        for number, handler in own.items():
            signal.signal(number, handler)


def _handle(handler: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
    try:
        handler(number, frame)
    except KeyboardInterrupt as interrupt:
        raise Interrupt(*interrupt.args) from None


@contextmanager
def ignoring(*numbers: int) -> Iterator[None]:
    """Lets processes that are started inside ignore signals, which reach a whole group, from their first moment on.

    They are told to stop instead, when it suits.

    Args:
        numbers: Which ones; by default, that of Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers or (signal.SIGINT,)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
