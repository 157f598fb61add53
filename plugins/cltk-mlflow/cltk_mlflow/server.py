"""Tracking servers: an MLflow server or database, by default a database in the folder of the runs.

MLflow is imported when a server is opened.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cltk.addresses import without_secrets, without_secrets_of
from cltk.errors import StoreError

__all__ = ["TrackingServer", "open_server", "server_uri"]

_LOCK_SECONDS = 120
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")

# MLflow would call home, print to standard output, which belongs to results, log a traceback for every error, and wait
# minutes for a server that is down.
_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "6",
}


@dataclass(frozen=True, slots=True)
class TrackingServer:
    """A server, or a database without one, that is open. Every process opens its own.

    Attributes:
        uri: The tracking URI, secrets included.
        folder: The folder of the runs on this machine.
        artifacts: Where a new experiment keeps its files; None where the server decides.
        client: The ``MlflowClient``.
    """

    uri: str
    folder: Path
    artifacts: str | None
    client: Any

    @property
    def name(self) -> str:
        """The tracking URI without secrets."""
        return without_secrets(self.uri)

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turns whatever the server fails with into a ``StoreError``."""
        with _reported(self.uri):
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes that share the folder of the runs from making the same MLflow runs meanwhile."""
        with self.reported(), _locked(self.folder):
            yield


def server_uri(folder: Path, uri: str | None = None) -> str:
    """The tracking URI that holds: ``uri``, else ``MLFLOW_TRACKING_URI``, else a database in ``folder``."""
    return uri or os.environ.get("MLFLOW_TRACKING_URI") or _sqlite(folder.absolute() / "mlflow.db")


def open_server(folder: Path, uri: str | None = None) -> TrackingServer:
    """Opens a tracking server, or a database, which is created on first use.

    Args:
        folder: Holds the database and the files of runs where no server does.
        uri: A tracking URI; None for ``MLFLOW_TRACKING_URI`` and, without that, ``folder``.

    Raises:
        StoreError: The server does not answer, or the database cannot be created, read or written; or MLflow's files
            would go to a folder whose path is not UTF-8.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    uri = server_uri(folder, uri)
    with _reported(uri):
        if not uri.startswith(_DATABASES):
            return TrackingServer(uri, folder, None, _connect(uri))
        artifacts = _file_uri(folder.absolute() / "artifacts")
        with _locked(folder):  # Of several processes that create the tables at once, all but one would fail.
            _create(uri)
            return TrackingServer(uri, folder, artifacts, _connect(uri))


def _sqlite(path: Path) -> str:
    """The URI of a database in a file, escaped where something in the path would mean something else in a URI."""
    plain = f"sqlite:///{path.as_posix()}"
    if re.fullmatch(r"[\w./-]+", path.as_posix()):
        return plain
    from sqlalchemy import make_url  # Takes long to import, and most paths need none of it.

    if make_url(plain).database == path.as_posix():
        return plain
    # With the driver's name, as MLflow would make the folder that it reads in the plain form, escapes and all.
    return f"sqlite+pysqlite:///{quote(os.fsencode(path.as_posix()), safe=' +/')}"


def _file_uri(path: Path) -> str:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # MLflow would write its files elsewhere, in a folder of a similar name.
        problem = f"MLflow can keep no files below '{path}', whose path is not UTF-8."
        raise StoreError(problem, "Name another folder with --store, or an MLflow server.") from None
    return path.as_uri()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "mlflow.lock", timeout=_LOCK_SECONDS):
        yield


def _create(uri: str) -> None:
    """Makes sure of a database to connect to; one in a file is there with all its tables, or not at all."""
    from sqlalchemy import make_url

    url = make_url(uri)
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists():
        _probe(uri)
        return
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    for leftover in path.parent.glob(f"{unfinished.name}*"):
        leftover.unlink()
    unfinished.touch()  # SQLite would let its owner alone write it, whatever the umask says.
    _probe(_sqlite(unfinished))
    _connect(_sqlite(unfinished))
    unfinished.replace(path)


def _probe(uri: str) -> None:
    """Connects once: MLflow would try again for 100 seconds where there is no database to connect to."""
    from sqlalchemy import create_engine, inspect

    engine = create_engine(uri)
    try:
        inspect(engine)
    finally:
        engine.dispose()


def _connect(uri: str) -> Any:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.search_experiments(max_results=1)
    return client


@contextmanager
def _reported(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
        problem = f"The MLflow store at '{without_secrets(uri)}' does not work: {_cause(error, uri)}"
        raise StoreError(problem, _advice(uri)) from error


def _cause(error: Exception, uri: str) -> str:
    """What the system said at the bottom of a chain of errors, else what MLflow says of it; without secrets."""
    cause: BaseException = error
    link: BaseException | None = error
    while link is not None:
        cause = link if isinstance(link, OSError | sqlite3.Error) else cause
        link = link.__cause__ or link.__context__
    return without_secrets_of(uri, str(cause).strip() or type(cause).__name__).splitlines()[0]


def _advice(uri: str) -> str:
    if uri.startswith(("http:", "https:")):
        return "Start that server, or name another with MLFLOW_TRACKING_URI. Results are safe in the folder of the run."
    return "Name another with MLFLOW_TRACKING_URI, such as sqlite:////folder/mlflow.db, or another folder with --store."
