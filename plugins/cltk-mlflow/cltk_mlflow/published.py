"""What of a study MLflow has already, so that a finished study that is called again costs no upload."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from cltk.files import write_atomically
from cltk.interfaces import RunGroup
from cltk.record import Record
from cltk_mlflow.server import server_uri, without_secrets

__all__ = ["is_published", "keep_published"]

_DATABASE = "mlflow.db"


def is_published(store: Path, uri: str | None, study: RunGroup, records: Sequence[Record]) -> bool:
    """Whether all of a study went to this server once, and nothing of it has changed since.

    Args:
        store: The folder of all runs.
        uri: The tracking URI that was asked for; None for the default.
        study: The study.
        records: Its runs.
    """
    in_store = without_secrets(server_uri(store)) == without_secrets(server_uri(store, uri))
    if in_store and server_uri(store).startswith("sqlite") and not (store / _DATABASE).exists():
        return False  # It was removed.
    with contextlib.suppress(OSError):
        return _path(store, study).read_text(encoding="utf-8") == _digest(store, uri, study, records)
    return False


def keep_published(store: Path, uri: str | None, study: RunGroup, records: Sequence[Record]) -> None:
    """Takes note that all of a study has arrived.

    Raises:
        StoreError: The store cannot be written.
    """
    write_atomically(_path(store, study), _digest(store, uri, study, records).encode())


def _path(store: Path, study: RunGroup) -> Path:
    return store / "studies" / study.name / "mlflow.sha256"


def _digest(store: Path, uri: str | None, study: RunGroup, records: Sequence[Record]) -> str:
    runs = sorted([record.run_id, record.status, record.seconds.get("total", 0.0)] for record in records)
    content = [without_secrets(server_uri(store, uri)), study.description, dict(study.definition), runs]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
