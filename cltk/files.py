"""Writing files so that nobody ever meets half of one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cltk.errors import StoreError

__all__ = ["write_atomically"]


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file so that it is there whole or not at all: temporary file, fsync, rename.

    Who may read it is up to the umask, as with any file that a program writes.

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
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        advice = "Make room or choose another folder with --store."
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}", advice) from error
