"""The mark that a run's folder bears: where in MLflow the run went."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cltk.errors import StoreError
from cltk.record import write_atomically

__all__ = ["Mark", "drop_complete_mark", "read_mark", "write_mark"]

_NAME = "mlflow.json"


class Mark(BaseModel):
    """Where a run went.

    Attributes:
        tracking_uri: The store, without a password.
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


def read_mark(folder: Path) -> Mark | None:
    """Reads the mark of a run's folder, None if it has none.

    Raises:
        StoreError: The mark is unreadable.
    """
    path = folder / _NAME
    try:
        return Mark.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StoreError(f"'{path}' is unreadable: {error}", "Remove it to upload the run again.") from error


def drop_complete_mark(folder: Path) -> None:
    """Removes the mark of a run that arrived whole, or one that is unreadable, before another run takes the folder."""
    try:
        mark = read_mark(folder)
    except StoreError:
        mark = None
    if mark is None or mark.complete:
        with contextlib.suppress(OSError):  # Whoever writes the record first says what is wrong with the folder.
            (folder / _NAME).unlink()


def write_mark(folder: Path, mark: Mark) -> None:
    """Marks a run's folder.

    Raises:
        StoreError: The folder cannot be written.
    """
    write_atomically(folder / _NAME, (mark.model_dump_json(indent=1) + "\n").encode())
