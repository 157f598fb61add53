"""A lock that all processes of a study share, on all machines that reach its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["PROXY", "locked"]

PROXY = "grpc://"
"""How the URL of Optuna's gRPC proxy begins, which knows no locks."""

_KEY = 0x636C746B
"""What processes lock in PostgreSQL; any number that all of them agree on."""


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Keeps all other processes, on all machines, from taking work at the same time; not through a proxy.

    Optuna's own claim of a waiting trial is safe where rows are locked by reading them; in SQLite, two processes may
    take the same one. A process that dies holds the lock no longer.

    Args:
        url: Of the database.
    """
    if url.startswith(PROXY):
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
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _KEY})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _KEY})
