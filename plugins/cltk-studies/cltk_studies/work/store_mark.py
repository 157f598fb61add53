"""A mark in each folder of runs, so that whoever works elsewhere can say into which one a record went."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

from cltk.errors import StoreError

__all__ = ["mark_of"]

_NAME = ".store"


def mark_of(store: Path) -> str:
    """The mark of a folder of runs, the same for all processes and machines; it is made on first use.

    Raises:
        StoreError: The folder cannot be written.
    """
    path = store / _NAME
    try:
        if not path.exists():
            store.mkdir(parents=True, exist_ok=True)
            own = store / f"{_NAME}.{uuid.uuid4().hex}"
            own.write_text(uuid.uuid4().hex)
            with suppress(FileExistsError):  # Of several processes one wins, and nobody reads half a mark.
                os.link(own, path)
            own.unlink()
        return path.read_text()
    except OSError as error:
        raise StoreError(f"Cannot write '{path}': {error.strerror}", "Choose another folder with --store.") from error
