"""A PostgreSQL server of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.servers import Postgres

__all__ = ["running_postgres"]


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a server on loopback, without its database; skips the test where none is installed."""
    pytest.importorskip("psycopg")
    try:
        server = Postgres()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with server:
        yield server.uri
