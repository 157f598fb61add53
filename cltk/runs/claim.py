"""One process a run: who does it says so, and another one is told."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from cltk.errors import StoreError

__all__ = ["RunBusyError", "claimed"]


class RunBusyError(StoreError):
    """Another process is doing the run."""


@contextmanager
def claimed(folders: Sequence[Path], *, shared: bool = False) -> Iterator[None]:
    """Keeps other processes from the runs in these folders; the system ends the claim of one that dies.

    Args:
        folders: The folders of the runs.
        shared: Whether others may share the claim: workers on a study do, as a lease decides between them.

    Raises:
        RunBusyError: Another process is doing one of the runs.
        StoreError: Its folder cannot be written.
    """
    with ExitStack() as claims:
        for folder in folders:
            claims.enter_context(_claim(folder, fcntl.LOCK_SH if shared else fcntl.LOCK_EX))
        yield


@contextmanager
def _claim(folder: Path, kind: int) -> Iterator[None]:
    path = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _open_locked(path, kind)
    except BlockingIOError as error:
        raise RunBusyError(
            f"The run '{folder.name}' is being done by another process.",
            "Wait until that is over; with --resume (resume=True), what is finished by then is not done again.",
        ) from error
    except OSError as error:
        advice = "Make room or choose another folder: --store, or in Python 'store'."
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}", advice) from error
    with file:
        try:
            yield
        finally:
            with suppress(BlockingIOError):  # Others share it, and remove it when they are done.
                _lock(file, fcntl.LOCK_EX)
                path.unlink(missing_ok=True)  # While it is locked, so that nobody else's is removed.


def _open_locked(path: Path, kind: int) -> IO[bytes]:
    """Opens and locks a file.

    Raises:
        BlockingIOError: Another process has locked it.
    """
    while True:
        file = path.open("a+b")
        try:
            is_locked = _lock(file, kind)
        except BlockingIOError:
            file.close()
            raise
        if not is_locked or _is_at(path, file):
            return file
        file.close()  # Whoever held it removed it before it was locked here: another process may lock its successor.


def _lock(file: IO[bytes], kind: int) -> bool:
    """Locks a file; False on a file system without locks: two at once are better than none.

    Raises:
        BlockingIOError: Another process has locked it.
    """
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:
        return False
    return True


def _is_at(path: Path, file: IO[bytes]) -> bool:
    """Whether an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
