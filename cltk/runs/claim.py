"""One process a run: who does it says so, and another one is told."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from cltk.errors import StoreError

__all__ = ["claimed"]


@contextmanager
def claimed(folders: Sequence[Path]) -> Iterator[None]:
    """Keeps other processes from the runs in these folders; the system ends the claim of one that dies.

    Raises:
        StoreError: Another process is doing one of the runs, or its folder cannot be written.
    """
    with ExitStack() as claims:
        for folder in folders:
            claims.enter_context(_claim(folder))
        yield


@contextmanager
def _claim(folder: Path) -> Iterator[None]:
    path = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _open_locked(path)
    except BlockingIOError as error:
        raise StoreError(
            f"The run '{folder.name}' is being done by another process.",
            "Wait until that is over; with --resume, what is finished by then is not done again.",
        ) from error
    except OSError as error:
        advice = "Make room or choose another folder with --store."
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}", advice) from error
    with file:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # While it is locked, so that nobody else's is removed.


def _open_locked(path: Path) -> IO[bytes]:
    """Opens and locks a file.

    Raises:
        BlockingIOError: Another process has locked it.
    """
    while True:
        file = path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise
        except OSError:
            return file  # A file system without locks: two at once are better than none.
        if _is_at(path, file):
            return file
        file.close()  # Whoever held it removed it before it was locked here: another process may lock its successor.


def _is_at(path: Path, file: IO[bytes]) -> bool:
    """Whether an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
