"""The receipt in a run's folder: where in MLflow the run is."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cltk.errors import StoreError
from cltk.files import read_bounded, write_atomically
from cltk_mlflow.server import without_secrets

__all__ = ["Receipt", "forget_if_complete", "has_receipt", "read_receipt", "write_receipt"]

_NAME = "mlflow.json"


class Receipt(BaseModel):
    """Where a run is.

    Attributes:
        tracking_uri: The server, without secrets.
        experiment_id: The MLflow experiment.
        run_id: The MLflow run.
        parent_id: The MLflow run that groups it with other seeds.
        complete: Whether all of it arrived; a run that is not complete is replaced when it is tracked again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tracking_uri: str
    experiment_id: str
    run_id: str
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
