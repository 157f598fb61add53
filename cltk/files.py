"""Files of a store: written so that nobody ever meets half of one, read as what somebody else may have put there."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from cltk.errors import StoreError

__all__ = ["read_bounded", "write_atomically"]

_NO_WAITING = getattr(os, "O_NONBLOCK", 0)
"""A pipe that nobody writes to is opened at once with it, and seen to be one."""


def write_atomically(path: Path, content: bytes, permit: Callable[[], None] = lambda: None) -> None:
    """Writes a file so that it is there whole or not at all: temporary file, fsync, rename.

    Who may read it is up to the umask, as with any file that a program writes.

    Args:
        path: The file.
        content: What is to be in it.
        permit: Called right before the file takes the place of what is there; what it raises leaves that as it is.

    Raises:
        StoreError: The folder cannot be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Not ``tempfile``, whose files are their owner's alone: a laboratory shares its store.
            with open(temporary, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            permit()  # Not before all of that: a process may be suspended while it waits for a disk.
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        advice = "Make room or choose another folder: --store, or in Python 'store'."
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}", advice) from error


def read_bounded(path: Path, most: int = 1 << 27) -> bytes:
    """Reads a file that may be anybody's: one that is no file, never ends or is too large is refused before it is read.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        OSError: It is missing or unreadable.
        ValueError: It is a device, a pipe or larger.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | _NO_WAITING), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if status.st_size > most:
            raise ValueError(f"it has {status.st_size:,} bytes, more than {most:,}")
        return file.read(status.st_size)
