"""The record of a run: everything that is reported about it, as one JSON object in one file."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cltk.errors import StoreError

__all__ = ["SCHEMA", "Epoch", "Record", "Replay", "Status", "read_record", "to_json", "write_atomically"]

SCHEMA = "cltk.run/1"
_CHECKSUM = "sha256"

Status = Literal["running", "finished", "failed", "interrupted"]


class Replay(BaseModel):
    """What was replayed.

    Attributes:
        counts: Samples replayed in an epoch of each task.
        coverage: After each task, the share of each class among samples that would be replayed next.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    counts: list[int] = []
    coverage: list[dict[int, float]] = []


class Epoch(BaseModel):
    """One pass of one phase: its mean loss in nats per sample (None for a closed-form fit)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: int
    phase: str
    epoch: int
    loss: float | None


class Record(BaseModel):
    """A run, from its configuration to its result. Two runs of the same record differ in ``seconds`` alone.

    Attributes:
        run_id: Names the run: its configuration, its seed and the versions that it ran with.
        status: How far it came; ``error`` says why it is not finished.
        warnings: What was wrong though the run went on, a sentence each.
        config: The experiment with every default written out.
        plugins: The distribution and version behind each component.
        classes: The labels of each task.
        samples: Training samples of each task itself (S0), in one epoch.
        accuracy: Rows: before training, then after each task; columns: tasks; in [0, 1].
        metrics: Each metric after the last task.
        curves: Each metric as if the sequence had ended after the first, second, ... task; None where undefined.
        losses: Every epoch's training loss.
        parameters: Number of parameters and fitted statistics of ``classifier``, ``generator`` and ``total``.
        bytes: Bytes of these, of the ``buffer``, in ``total``, and of one ``image`` at one byte a value.
        operations: Floating-point operations spent on each task.
        seconds: Wall-clock time of each phase so far, and of the tasks learned in ``total``; of all attempts together.
        environment: Python, PyTorch and processor: what else a result may depend on.
    """

    model_config = ConfigDict(extra="forbid")

    schema_: str = Field(SCHEMA, alias="schema")
    run_id: str
    status: Status = "running"
    error: str | None = None
    warnings: list[str] = []
    config: dict[str, Any]
    config_hash: str
    seed: int
    plugins: dict[str, str]
    classes: list[list[int]] = []
    samples: list[int] = []
    accuracy: list[list[float]] = []
    metrics: dict[str, float] = {}
    curves: dict[str, list[float | None]] = {}
    losses: list[Epoch] = []
    parameters: dict[str, int] = {}
    bytes: dict[str, int] = {}
    operations: list[int] = []
    replay: Replay = Replay()
    seconds: dict[str, float] = {}
    device: str = "cpu"
    precision: Literal["fp32", "bf16"] = "fp32"
    threads: int = 1
    environment: dict[str, str] = {}

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        return self.model_dump(mode="json", by_alias=True)


def read_record(path: Path) -> Record:
    """Reads a record from its file.

    Raises:
        StoreError: The file is missing, truncated or altered.
    """
    try:
        return Record.model_validate(_verified(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise StoreError(f"'{path}' is no whole record: {error}.", "Run the experiment again to replace it.") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file so that it is there whole or not at all: temporary file, fsync, rename.

    Raises:
        StoreError: The folder cannot be written, or the disk is full.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        advice = "Make room or choose another folder with --store."
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}", advice) from error


def to_json(record: Record) -> bytes:
    """The record as the text of its file, whose last entry is a checksum over all before it."""
    text = json.dumps(record.to_dict() | {_CHECKSUM: ""}, indent=1, allow_nan=False) + "\n"
    return _sealed(text[: -len(_end(""))].encode())


def _verified(content: bytes) -> dict[str, Any]:
    """The record in the text of its file.

    Raises:
        ValueError: The text was cut or altered.
    """
    if content != _sealed(content[: -len(_sealed(b""))]):
        raise ValueError("it was cut or altered, its checksum differs")
    entries: dict[str, Any] = json.loads(content)
    del entries[_CHECKSUM]
    return entries


def _sealed(content: bytes) -> bytes:
    return content + _end(hashlib.sha256(content).hexdigest()).encode()


def _end(digest: str) -> str:
    return f'"{digest}"\n}}\n'
