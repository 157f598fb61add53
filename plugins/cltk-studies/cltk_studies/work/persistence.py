"""Trying again what fails for a while: a full disk, a server that restarts, a network that is gone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cltk.errors import NewerSchemaError, StoreError
from cltk.runs.claim import RunBusyError

__all__ = ["Persistence", "say"]

T = TypeVar("T")

_LONGEST = 15.0
"""Seconds between two tries, at the most."""

_LOOK = 0.5
"""Seconds between two looks at whether to stop."""

say = logging.getLogger("cltk.studies").warning
"""Tells a user something at once: on standard error, which is the log of a worker that was launched."""


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long to try again what the store or the database does not let one do.

    Attributes:
        stop: Raises ``KeyboardInterrupt`` if the user wants to stop.
        seconds: For which it is tried again.
    """

    stop: Callable[[], None] = lambda: None
    seconds: float = 300.0

    def __call__(self, action: Callable[[], T]) -> T:
        """Does something, again and again while it raises a ``StoreError``, which is said at once.

        A run that another process is doing is waited for as long as that takes.

        Raises:
            StoreError: It still does not work, or a newer cltk has written what is there.
        """
        deadline = time.monotonic() + self.seconds
        pause, failed = 0.5, False
        while True:
            try:
                result = action()
            except NewerSchemaError:  # That would not change by waiting.
                raise
            except StoreError as error:
                is_busy = isinstance(error, RunBusyError)
                if time.monotonic() >= deadline and not is_busy:
                    raise
                if not failed:
                    limit = "until that is over" if is_busy else f"for up to {self.seconds / 60:.0f} minutes"
                    say(f"{error.problem} It is tried again {limit}.")
                failed = True
                self._wait(pause)
                pause = min(_LONGEST, 2 * pause)
            else:
                if failed:
                    say("It works again.")
                return result

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.stop()
            time.sleep(min(_LOOK, left))
