"""Where studies are kept: in Optuna's storages, opened by any number of processes at once, never shared with MLflow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.addresses import without_secrets, without_secrets_of
from cltk.errors import CltkError, ConfigError, StoreError

__all__ = ["StudyDatabase", "check_apart", "folder_of", "open_database", "reopen_database"]

_PROXY, _POSTGRES = "grpc://", "postgresql+psycopg://"

_KEY = 0x636C746B
"""What processes lock in PostgreSQL to create tables alone; any number that all of them agree on."""

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class StudyDatabase:
    """An open database. Every process opens its own, a copy of a process too.

    Attributes:
        where: Its URL, or the folder that it is in.
        backend: Optuna's access to it.
    """

    where: str
    backend: Any

    @property
    def is_folder(self) -> bool:
        """Whether it is a journal in a folder."""
        return "://" not in self.where

    @property
    def is_proxy(self) -> bool:
        """Whether it is reached through Optuna's gRPC proxy, whose client has threads."""
        return self.where.startswith(_PROXY)

    def disconnect(self) -> None:
        """Closes its connections, which a copy of this process must not share; it makes new ones when it needs them."""
        if self.where.startswith(_POSTGRES):
            self.backend.engine.dispose()

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turns whatever the database fails with into a ``StoreError``."""
        with _reported(self.where):
            yield


def folder_of(study_db: str | None) -> Path | None:
    """The folder that a study is kept in; None where it is kept elsewhere, or nothing is said."""
    return None if study_db is None or "://" in study_db else Path(study_db)


def check_apart(where: str, others: Sequence[str] = ()) -> None:
    """Checks that a database is of a kind that is supported, and not one that a sink writes to.

    Args:
        where: The database.
        others: What sinks write to.

    Raises:
        ConfigError: It is of another kind, or a sink's.
    """
    url = _complete(where)
    _check_kind(url)
    if url.startswith(_POSTGRES) and _database(url) in map(_database, others):
        raise ConfigError(
            f"Optuna and MLflow are both pointed at '{without_secrets(url)}': their tables do not go together.",
            "Give one of them another database, with --study-db or --tracking-uri.",
        )


def open_database(where: str | Path, *, is_there: bool = False) -> StudyDatabase:
    """Opens a database, and creates it on first use.

    Args:
        where: A folder, ``postgresql://...`` or ``grpc://...``.
        is_there: Whether another process has opened it before, so that it is there and right.

    Raises:
        ConfigError: It is of a kind that is not supported, cannot be reached or written, or holds something else.
    """
    url = _complete(str(where))
    _check_kind(url)
    with _reported(url, ConfigError):
        return StudyDatabase(url, _connect(url, is_there))


def reopen_database(where: str) -> StudyDatabase:
    """Opens a database that a command has opened a moment ago: what is wrong with it now may pass.

    Raises:
        StoreError: It cannot be reached or written.
    """
    url = _complete(where)
    with _reported(url):
        return StudyDatabase(url, _connect(url, is_there=True))


def _complete(where: str) -> str:
    scheme, separator, rest = where.partition("://")
    return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}" if separator else str(Path(where).absolute())


def _check_kind(url: str) -> None:
    if "://" not in url or url.startswith((_POSTGRES, _PROXY)):
        return
    is_sqlite = url.startswith("sqlite")
    why = ": SQLite gives one item to two workers at once" if is_sqlite else ""
    raise ConfigError(
        f"A study cannot be kept in '{without_secrets(url)}'{why}.",
        "Give a folder, postgresql://user@host/database or grpc://host:port.",
    )


def _database(url: str) -> tuple[Any, ...]:
    """What two URLs of one database have in common."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        return (url,)
    host = "localhost" if parsed.host in (None, "", "127.0.0.1", "::1") else parsed.host
    return (parsed.get_backend_name(), host, parsed.port or 5432, parsed.database)


def _connect(url: str, is_there: bool) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url.startswith(_PROXY):
        return _proxy(url)
    if url.startswith(_POSTGRES):
        return _postgres(url, is_there)
    from cltk_studies.work.journal import open_journal

    return open_journal(Path(url), is_there)


def _postgres(url: str, is_there: bool) -> Any:
    import optuna

    with _locked(url, shared=is_there):
        if not is_there:
            _check_tables(url)
        return optuna.storages.RDBStorage(
            url,
            engine_kwargs={"connect_args": {"connect_timeout": 10, "tcp_user_timeout": 30_000}, "pool_pre_ping": True},
            skip_compatibility_check=is_there,
            skip_table_creation=is_there,
        )


@contextmanager
def _locked(url: str, shared: bool) -> Iterator[None]:
    """Lets one process create tables, and others open them when it has; one that dies keeps nobody waiting.

    Optuna creates the last of its tables whatever it is told, so that who only looks would get in the way, too.
    """
    from sqlalchemy import NullPool, create_engine, text

    lock = text(f"SELECT pg_advisory_lock{'_shared' if shared else ''}(:key)")
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})
    with engine.connect() as connection:
        connection.execute(lock, {"key": _KEY})
        yield


def _check_tables(url: str) -> None:
    """Refuses a database that something else lives in, before anything is written to it."""
    # Whoever made the tables may have been killed halfway, so that some of Optuna's own may be missing.
    tables = _tables(url)
    if tables and (foreign := tables - _tables_of_optuna()):
        some = ", ".join(sorted(foreign)[:5])
        raise ConfigError(
            f"The database '{without_secrets(url)}' holds other tables than Optuna's: {some}.",
            "Give an empty database, or one that cltk made, with --study-db.",
        )


def _tables(url: str) -> set[str]:
    from sqlalchemy import create_engine, inspect

    engine = create_engine(url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()


def _tables_of_optuna() -> set[str]:
    """The tables that the installed version makes: it has no public list of them, so it makes them in memory."""
    import optuna
    from sqlalchemy import inspect

    return set(inspect(optuna.storages.RDBStorage("sqlite://").engine).get_table_names())


def _proxy(url: str) -> Any:
    """Raises ``OSError`` where nobody answers."""
    import optuna

    host, _, port = url.removeprefix(_PROXY).strip("/").partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It is called experimental.
        proxy = optuna.storages.GrpcStorageProxy(host=host, port=int(port or 13000))
    proxy.wait_server_ready(timeout=10)
    return proxy


@contextmanager
def _reported(url: str, kind: type[CltkError] = StoreError) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Imported here: a study in a folder that works has no use for SQLAlchemy, which takes long to import.
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        expected = (SQLAlchemyError, StorageInternalError, OSError, ImportError, RuntimeError, ValueError)
        if not isinstance(error, expected) and not type(error).__module__.startswith("grpc"):
            raise
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = str(getattr(cause, "orig", None) or cause).strip().partition("\n")[0]
        raise kind(
            f"The study database '{without_secrets(url)}' does not work: {without_secrets_of(url, reason)}",
            "See that it is running and may be written to, or name another with --study-db.",
        ) from error
