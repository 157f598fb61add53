"""Where runs are tracked: an MLflow server or database, by default one in a local folder."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.errors import StoreError

__all__ = ["Store", "open_store", "shown", "store_uri"]

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
class Store:
    """An open store. Every process opens its own.

    Attributes:
        uri: The tracking URI.
        artifacts: Where a new experiment keeps its files; None where the server decides.
        client: The ``MlflowClient``.
    """

    uri: str
    artifacts: str | None
    client: Any

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turns whatever the store fails with into a ``StoreError``."""
        with _reported(self.uri):
            yield


def store_uri(folder: Path, uri: str | None = None) -> str:
    """The tracking URI that holds: ``uri``, else ``MLFLOW_TRACKING_URI``, else a database in ``folder``."""
    local = f"sqlite:///{(folder.absolute() / 'mlflow.db').as_posix()}"
    return uri or os.environ.get("MLFLOW_TRACKING_URI") or local


def open_store(folder: Path, uri: str | None = None) -> Store:
    """Opens the store, and creates it on first use.

    Args:
        folder: Holds the database and the files of runs where no server does.
        uri: A tracking URI; None for ``MLFLOW_TRACKING_URI`` and, without that, ``folder``.

    Raises:
        StoreError: The server does not answer, or the database cannot be created, read or written.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    uri = store_uri(folder, uri)
    with _reported(uri):
        if not uri.startswith(_DATABASES):
            return Store(uri, None, _connect(uri))
        from filelock import FileLock

        folder.mkdir(parents=True, exist_ok=True)
        artifacts = (folder.absolute() / "artifacts").as_uri()
        # Of several processes that create the tables at once, all but one would fail.
        with FileLock(folder / "mlflow.lock", timeout=_LOCK_SECONDS):
            _create(uri)
            return Store(uri, artifacts, _connect(uri))


def _create(uri: str) -> None:
    """Makes sure of a database to connect to; one in a file is there with all its tables, or not at all."""
    from sqlalchemy import make_url

    url = make_url(uri)
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists():
        _probe(url)
        return
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    for leftover in path.parent.glob(f"{unfinished.name}*"):
        leftover.unlink()
    _probe(make_url(f"sqlite:///{unfinished.as_posix()}"))
    _connect(f"sqlite:///{unfinished.as_posix()}")
    unfinished.replace(path)


def _probe(url: Any) -> None:
    """Connects once: MLflow would try again for 100 seconds where there is no database to connect to."""
    from sqlalchemy import create_engine, inspect

    engine = create_engine(url)
    try:
        inspect(engine)
    finally:
        engine.dispose()


def _connect(uri: str) -> Any:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.search_experiments(max_results=1)
    return client


def shown(uri: str) -> str:
    """The URI without the password that it may carry."""
    return re.sub(r"//[^/@]*@", "//***@", uri)


@contextmanager
def _reported(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
        raise StoreError(f"The MLflow store at '{shown(uri)}' does not work: {_cause(error)}", _advice(uri)) from error


def _cause(error: Exception) -> str:
    """What the system said at the bottom of a chain of errors, else what MLflow says of it."""
    told: BaseException = error
    link: BaseException | None = error
    while link is not None:
        told = link if isinstance(link, OSError | sqlite3.Error) else told
        link = link.__cause__ or link.__context__
    return shown(str(told).strip() or type(told).__name__).splitlines()[0]


def _advice(uri: str) -> str:
    if uri.startswith(("http:", "https:")):
        return "Start that server, or name another with MLFLOW_TRACKING_URI. Results are safe in the folder of the run."
    return "Name another with MLFLOW_TRACKING_URI, such as sqlite:////folder/mlflow.db, or another folder with --store."
