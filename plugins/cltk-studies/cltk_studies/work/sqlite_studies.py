"""Studies that cltk 0.1 kept in SQLite, taken into the journal that is beside it."""

from __future__ import annotations

import secrets
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import TrialState

__all__ = ["take_in_studies"]


def take_in_studies(database: Path, journal: Path, lock: JournalFileOpenLock) -> None:
    """Makes a journal of the studies in a database, which stays as it is.

    The journal is there whole or not at all, and of several processes that make it at once, one does.

    Args:
        database: The file of cltk 0.1.
        journal: The file to make.
        lock: Its lock.

    Raises:
        OSError: The database cannot be read, or the journal cannot be written.
    """
    temporary = journal.with_name(f".{journal.name}.{secrets.token_hex(4)}")
    try:
        _copy_studies(database, temporary)
        lock.acquire()
        try:
            if not journal.exists():
                temporary.rename(journal)
        finally:
            lock.release()
    finally:
        temporary.unlink(missing_ok=True)


def _copy_studies(database: Path, journal: Path) -> None:
    # Imported here: a study in a folder has no use for SQLAlchemy otherwise, which takes long to import.
    from sqlalchemy.exc import SQLAlchemyError

    copy = JournalStorage(JournalFileBackend(str(journal), JournalFileOpenLock(str(journal))))
    try:
        old = optuna.storages.RDBStorage(f"sqlite:///{database.absolute().as_posix()}")
        try:
            for name in optuna.get_all_study_names(old):
                optuna.copy_study(from_study_name=name, from_storage=old, to_storage=copy)
        finally:
            old.remove_session()
            old.engine.dispose()
    except (SQLAlchemyError, RuntimeError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise OSError(f"'{database.name}' of cltk 0.1 in it cannot be read: {reason}") from error
    # A worker of cltk 0.1 does not know the journal: what it does there is lost to this one.
    for name in optuna.get_all_study_names(copy):
        study = optuna.load_study(study_name=name, storage=copy)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)
