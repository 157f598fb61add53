"""Optuna's journal in a folder that machines may share: one file that operations are appended to, under a lock file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from cltk_studies.work.sqlite_studies import take_in_studies

__all__ = ["journal_path", "open_journal"]

_PERIOD = 30
"""Seconds that the lock file may stay as it is before it counts as left behind by a process that died."""


class _MendingLock:
    """The lock of a journal, which drops half a line that a full disk or a dead machine has left at its end.

    The next line would be appended to it, and nobody could read what follows. That operation has failed for whoever
    asked for it.

    It is a file that is created exclusively, which NFS has done right since version 3. Optuna's other lock, a symbolic
    link to the journal, is never given up where machines mount the folder in different places.
    """

    def __init__(self, journal: Path) -> None:
        self._journal, self._lock = journal, JournalFileOpenLock(str(journal), _PERIOD)

    def acquire(self) -> bool:
        """Waits for the lock, and mends the journal."""
        self._lock.acquire()
        try:
            _drop_partial_line(self._journal)
        except BaseException:
            self._lock.release()
            raise
        return True

    def release(self) -> None:
        """Gives it up."""
        self._lock.release()


def journal_path(folder: Path) -> Path:
    """The journal of the studies in a folder."""
    return folder / "optuna.journal"


def open_journal(folder: Path, is_there: bool = False) -> JournalStorage:
    """Opens the journal of a folder, which is created on first use, with the studies that cltk 0.1 left there.

    Args:
        folder: The folder.
        is_there: Whether another process has created it.

    Raises:
        OSError: It cannot be read or written, or is not there where it has to be.
    """
    path = journal_path(folder)
    if not path.exists() and (earlier := folder / "optuna.db").exists():
        take_in_studies(earlier, path, JournalFileOpenLock(str(path), _PERIOD))
    if is_there and not path.exists():
        raise FileNotFoundError(
            f"there is no '{path.name}' in it. No study was begun there, or the machine '{socket.gethostname()}' has "
            "another folder of that name: is it shared?"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(str(path), _MendingLock(path)))


def _drop_partial_line(journal: Path) -> None:
    with journal.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end == 0:
            return
        file.seek(end - 1)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
