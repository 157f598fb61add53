"""Writing to a server beside the training, and never in its way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cltk.errors import StoreError

__all__ = ["Background"]


class Background:
    """Does what it is told in one thread of its own, in order, until something fails.

    Args:
        remedy: What the user can do about results that did not arrive, a sentence for ``notices``.
    """

    def __init__(self, remedy: str) -> None:
        self.notices: list[str] = []
        self._remedy = remedy
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mlflow")

    def submit(self, write: Callable[[], object]) -> None:
        """Has something written; after the first failure nothing more is."""
        self._thread.submit(self._attempt, write)

    def close(self) -> None:
        """Waits until everything is written."""
        self._thread.shutdown(wait=True)

    def _attempt(self, write: Callable[[], object]) -> None:
        if self.notices:
            return
        try:
            write()
        except Exception as error:  # No mistake in tracking is worth a result.
            problem = error.problem if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
            self.notices.append(f"{problem.rstrip('.')}. {self._remedy}")
