"""Optuna's storage: opened by any number of processes at once, and never in one database with MLflow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.errors import CltkError, ConfigError, StoreError
from cltk_mlflow.store import shown, store_uri

__all__ = ["Storage", "check_apart", "locked", "open_storage", "storage_url"]

HEARTBEAT, GRACE = 20, 90
"""Seconds between two signs of life of a worker, and of silence after which it counts as dead, on another machine."""

_WAIT = 60
"""Seconds to wait for a database that another process is writing to."""

_LOCK = 0x636C746B
"""What processes lock in PostgreSQL; any number that all of them agree on."""

_PROXY = "grpc://"
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class Storage:
    """An open storage. Every process opens its own.

    Attributes:
        url: Where it is.
        backend: Optuna's storage.
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
        return self.url.startswith(_PROXY)

    def locked(self) -> AbstractContextManager[None]:
        """Keeps others away; see ``locked``."""
        return locked(self.url)

    def disconnect(self) -> None:
        """Closes its connections, which a copy of this process must not share; it makes new ones when it needs them."""
        if not self.is_proxy:
            self.backend.engine.dispose()

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turns whatever the storage fails with into a ``StoreError``."""
        with _reported(self.url):
            yield


def storage_url(store: Path, url: str | None = None) -> str:
    """Where the storage is: at ``url``, else in a file of the store."""
    local = f"sqlite:///{(store.absolute() / 'optuna.db').as_posix()}"
    scheme, separator, rest = (url or local).partition("://")
    return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"


def check_apart(store: Path, url: str | None, tracking_uri: str | None) -> None:
    """Sees to it that a storage is of a kind that is supported, and not the database that MLflow writes to.

    Raises:
        ConfigError: It is not so.
    """
    where = storage_url(store, url)
    _check_kind(where)
    if _database(where) == _database(store_uri(store, tracking_uri)):
        raise ConfigError(
            f"Optuna and MLflow are both pointed at '{shown(where)}': their tables do not go together.",
            "Give one of them another database, with --storage or --tracking-uri.",
        )


def open_storage(store: Path, url: str | None = None, *, checked: bool = False) -> Storage:
    """Opens Optuna's storage, and creates its tables on first use.

    Args:
        store: Holds the database where ``url`` names no other.
        url: ``postgresql://...`` or ``sqlite:///...``; None for a file in ``store``.
        checked: Whether another process has just opened it, so that its tables are known to be there and to be right.

    Raises:
        ConfigError: It is no URL of a kind that is supported, cannot be reached or written, or holds something else.
    """
    where = storage_url(store, url)
    _check_kind(where)
    with _reported(where, ConfigError), nullcontext() if checked else locked(where):
        if not checked:
            _check_tables(where)
        return Storage(where, _connect(where, checked))


def _check_kind(url: str) -> None:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://", _PROXY)):
        raise ConfigError(
            f"'{shown(url)}' is no storage for studies.",
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
    if url.startswith(_PROXY):
        return (url,)
    if parsed.get_backend_name() == "sqlite":
        return ("sqlite", str(Path(parsed.database or "").resolve()))
    host = "localhost" if parsed.host in (None, "", "127.0.0.1", "::1") else parsed.host
    return (parsed.get_backend_name(), host, parsed.port or 5432, parsed.database)


def _check_tables(url: str) -> None:
    """Refuses a database that something else lives in, before anything is written to it."""
    if url.startswith(_PROXY):
        return
    from optuna.storages._rdb import models
    from sqlalchemy import create_engine, inspect

    engine = create_engine(url)
    try:
        tables = set(inspect(engine).get_table_names())
    finally:
        engine.dispose()
    # Whoever made the tables may have been killed halfway, so that some of Optuna's own may be missing.
    if foreign := tables - {*models.BaseModel.metadata.tables, "alembic_version"}:
        some = ", ".join(sorted(foreign)[:5])
        raise ConfigError(
            f"The database '{shown(url)}' holds other tables than Optuna's: {some}.",
            "Give an empty database, or one that cltk made, with --storage.",
        )


def _connect(url: str, checked: bool) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url.startswith(_PROXY):
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

    host, _, port = url.removeprefix(_PROXY).strip("/").partition(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It is called experimental.
        proxy = optuna.storages.GrpcStorageProxy(host=host, port=int(port or 13000))
    proxy.wait_server_ready(timeout=10)
    return proxy


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Keeps all other processes, on all machines, from taking work at the same time; not through a proxy.

    Optuna's own claim of a waiting trial is safe where rows are locked by reading them; in SQLite, two processes may
    take the same one. A process that dies holds the lock no longer.

    Args:
        url: Of the storage.
    """
    if url.startswith(_PROXY):
        yield
        return
    if url.startswith("sqlite"):
        from filelock import FileLock

        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock"):
            yield
        return
    from sqlalchemy import NullPool, create_engine, text

    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


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
            f"The storage '{shown(url)}' does not work: {shown(reason)}",
            "See that it is running and may be written to, or name another with --storage.",
        ) from error
