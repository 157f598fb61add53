"""The database of a study: Optuna's, opened by any number of processes at once, and never shared with MLflow."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.errors import CltkError, ConfigError, StoreError
from cltk_studies.work.lock import PROXY, locked

__all__ = ["HEARTBEAT", "StudyDatabase", "check_apart", "database_url", "hide_password", "open_database"]

HEARTBEAT, GRACE = 20, 90
"""Seconds between two signs of life of a worker, and of silence after which it counts as dead, on another machine."""

_WAIT = 60
"""Seconds to wait for a database that another process is writing to."""

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class StudyDatabase:
    """An open database. Every process opens its own.

    Attributes:
        url: Where it is.
        backend: Optuna's access to it.
    """

    url: str
    backend: Any

    @property
    def is_local(self) -> bool:
        """Whether it is a file, for the processes of one machine."""
        return self.url.startswith("sqlite")

    @property
    def is_proxy(self) -> bool:
        """Whether it is reached through Optuna's gRPC proxy, which knows neither locks nor heartbeats."""
        return self.url.startswith(PROXY)

    @property
    def takes_heartbeats(self) -> bool:
        """Whether workers give signs of life: on one machine, the process table tells who is dead."""
        return not (self.is_local or self.is_proxy)

    def locked(self) -> AbstractContextManager[None]:
        """Keeps others away; see ``locked``."""
        return locked(self.url)

    def disconnect(self) -> None:
        """Closes its connections, which a copy of this process must not share; it makes new ones when it needs them."""
        if not self.is_proxy:
            self.backend.engine.dispose()

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turns whatever the database fails with into a ``StoreError``."""
        with _reported(self.url):
            yield


def database_url(store: Path, url: str | None = None) -> str:
    """Where the database is: at ``url``, else in a file of the store."""
    local = f"sqlite:///{(store.absolute() / 'optuna.db').as_posix()}"
    scheme, separator, rest = (url or local).partition("://")
    return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"


def hide_password(url: str) -> str:
    """The URL without the user and the password that it may carry, to be shown."""
    return re.sub(r"//[^/@]*@", "//***@", url)


def check_apart(store: Path, url: str | None = None, others: Sequence[str] = ()) -> None:
    """Checks that a database is of a kind that is supported, and not one that a sink writes to.

    Args:
        store: The folder of the runs, where MLflow's database is too.
        url: Of the database; None for a file in ``store``.
        others: What sinks write to.

    Raises:
        ConfigError: It is of another kind, or a sink's.
    """
    where = database_url(store, url)
    _check_kind(where)
    usual = f"sqlite:///{(store.absolute() / 'mlflow.db').as_posix()}"
    if _database(where) in map(_database, (usual, *others)):
        raise ConfigError(
            f"Optuna and MLflow are both pointed at '{hide_password(where)}': their tables do not go together.",
            "Give one of them another database, with --study-db or --tracking-uri.",
        )


def open_database(store: Path, url: str | None = None, *, checked: bool = False) -> StudyDatabase:
    """Opens a database, and creates its tables on first use.

    Args:
        store: Holds the database where ``url`` names no other.
        url: ``postgresql://...`` or ``sqlite:///...``; None for a file in ``store``.
        checked: Whether another process has just opened it, so that its tables are known to be there and to be right.

    Raises:
        ConfigError: It is no URL of a kind that is supported, cannot be reached or written, or holds something else.
    """
    where = database_url(store, url)
    _check_kind(where)
    with _reported(where, ConfigError), nullcontext() if checked else locked(where):
        if not checked:
            _check_tables(where)
        return StudyDatabase(where, _connect(where, checked))


def _check_kind(url: str) -> None:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://", PROXY)):
        raise ConfigError(
            f"A study cannot be kept in '{hide_password(url)}'.",
            "Give postgresql://user@host/database, grpc://host:port, or sqlite:////folder/optuna.db for one machine.",
        )


def _database(url: str) -> tuple[Any, ...]:
    """What two URLs of one database have in common."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        return (url,)
    if url.startswith(PROXY):
        return (url,)
    if parsed.get_backend_name() == "sqlite":
        return ("sqlite", str(Path(parsed.database or "").resolve()))
    host = "localhost" if parsed.host in (None, "", "127.0.0.1", "::1") else parsed.host
    return (parsed.get_backend_name(), host, parsed.port or 5432, parsed.database)


def _check_tables(url: str) -> None:
    """Refuses a database that something else lives in, before anything is written to it."""
    if url.startswith(PROXY):
        return
    # Whoever made the tables may have been killed halfway, so that some of Optuna's own may be missing.
    tables = _tables(url)
    if tables and (foreign := tables - _tables_of_optuna()):
        some = ", ".join(sorted(foreign)[:5])
        raise ConfigError(
            f"The database '{hide_password(url)}' holds other tables than Optuna's: {some}.",
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


def _connect(url: str, checked: bool) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url.startswith(PROXY):
        return _proxy(url)
    local = url.startswith("sqlite")
    wait = {"timeout": _WAIT} if local else {"connect_timeout": 10}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Heartbeats are called experimental.
        return optuna.storages.RDBStorage(
            url,
            engine_kwargs={"connect_args": wait, "pool_pre_ping": not local},
            heartbeat_interval=None if local else HEARTBEAT,
            grace_period=None if local else GRACE,
            skip_compatibility_check=checked,
            skip_table_creation=checked,
        )


def _proxy(url: str) -> Any:
    """Raises ``OSError`` where nobody answers."""
    import optuna

    host, _, port = url.removeprefix(PROXY).strip("/").partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It is called experimental.
        proxy = optuna.storages.GrpcStorageProxy(host=host, port=int(port or 13000))
    proxy.wait_server_ready(timeout=10)
    return proxy


@contextmanager
def _reported(url: str, kind: type[CltkError] = StoreError) -> Iterator[None]:
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, StorageInternalError, OSError, ImportError, RuntimeError, ValueError) as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        reason = str(getattr(cause, "orig", None) or cause).strip().partition("\n")[0]
        raise kind(
            f"The study database '{hide_password(url)}' does not work: {hide_password(reason)}",
            "See that it is running and may be written to, or name another with --study-db.",
        ) from error
