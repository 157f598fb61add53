"""Receipts of what MLflow has: in a run's folder where the run is, in a study's what of it has arrived."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cltk.addresses import without_secrets
from cltk.errors import StoreError
from cltk.files import read_bounded, write_atomically
from cltk.interfaces import RunGroup
from cltk.record import Record
from cltk_mlflow.server import server_uri

__all__ = [
    "Receipt",
    "forget_if_complete",
    "has_receipt",
    "is_published",
    "keep_published",
    "read_receipt",
    "write_receipt",
]

_NAME = "mlflow.json"
_DATABASE = "mlflow.db"


class Receipt(BaseModel):
    """Where a run is.

    Attributes:
        tracking_uri: The server, without secrets.
        experiment_id: The MLflow experiment.
        run_id: The MLflow run; None while it is being created.
        attempt: What it can be found by then, a tag of its own.
        parent_id: The MLflow run that groups it with other seeds.
        complete: Whether all of it arrived; a run that is not complete is replaced when it is tracked again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tracking_uri: str
    experiment_id: str
    run_id: str | None = None
    attempt: str | None = None
    parent_id: str | None = None
    complete: bool

    def names(self, tracking_uri: str, experiment_id: str) -> bool:
        """Whether it names that experiment on that server, whose URI bears no secrets."""
        return self.is_from(tracking_uri) and self.experiment_id == experiment_id

    def is_from(self, tracking_uri: str) -> bool:
        """Whether it is from that server, whose URI bears no secrets."""
        return without_secrets(self.tracking_uri) == tracking_uri  # Earlier versions hid less of the URI.


def has_receipt(folder: Path) -> bool:
    """Whether there is a receipt in a run's folder, readable or not."""
    return (folder / _NAME).exists()


def read_receipt(folder: Path) -> Receipt | None:
    """Reads the receipt in a run's folder, None if there is none.

    Raises:
        StoreError: It is unreadable.
    """
    path = folder / _NAME
    try:
        return Receipt.model_validate_json(read_bounded(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"'{path}' is unreadable: {error}", "Remove it to upload the run again.") from error


def forget_if_complete(folder: Path) -> None:
    """Removes the receipt of a run that arrived whole, or one that is unreadable, before another run takes the folder.

    That of a run that did not arrive whole stays: it says which MLflow run the new one replaces.
    """
    try:
        receipt = read_receipt(folder)
    except StoreError:
        receipt = None
    if receipt is None or receipt.complete:
        with contextlib.suppress(OSError):  # Whoever writes the record first says what is wrong with the folder.
            (folder / _NAME).unlink()


def write_receipt(folder: Path, receipt: Receipt) -> None:
    """Writes the receipt into a run's folder.

    Raises:
        StoreError: The folder cannot be written.
    """
    write_atomically(folder / _NAME, (receipt.model_dump_json(indent=1) + "\n").encode())


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
        return _study_path(store, study).read_text(encoding="utf-8") == _study_digest(store, uri, study, records)
    return False


def keep_published(store: Path, uri: str | None, study: RunGroup, records: Sequence[Record]) -> None:
    """Takes note that all of a study has arrived.

    Raises:
        StoreError: The store cannot be written.
    """
    write_atomically(_study_path(store, study), _study_digest(store, uri, study, records).encode())


def _study_path(store: Path, study: RunGroup) -> Path:
    return store / "studies" / study.name / "mlflow.sha256"


def _study_digest(store: Path, uri: str | None, study: RunGroup, records: Sequence[Record]) -> str:
    runs = sorted([record.run_id, record.status, record.seconds.get("total", 0.0)] for record in records)
    content = [without_secrets(server_uri(store, uri)), study.description, dict(study.definition), runs]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
