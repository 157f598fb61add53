"""Signs of life of a worker, given in a thread while it works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["repeating"]


@contextmanager
def repeating(action: Callable[[], None], seconds: float) -> Iterator[None]:
    """Does something at once and every so many seconds, until the block ends.

    A sign that cannot be given is left out: who is silent for long loses its work to another worker, and what it does
    with the database next says what is wrong.
    """
    ended = threading.Event()

    def repeat() -> None:
        while True:
            with suppress(Exception):
                action()
            if ended.wait(seconds):
                return

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
