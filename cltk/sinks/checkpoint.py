"""Checkpoints: all that a run needs to go on after a task, bit for bit as if it had never stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from cltk.events import TaskEnded
from cltk.record import Record, write_atomically

__all__ = ["Checkpoint", "Checkpoints"]

FORMAT = "cltk.checkpoint/1"
KEPT = 2
"""Checkpoints kept of a run: the newest, and one to fall back to."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run after some of its tasks.

    Attributes:
        state: What the strategy keeps, on the CPU.
        record: The record so far.
        ended: What was reported at the end of each task.
    """

    state: Mapping[str, Tensor]
    record: Record
    ended: Sequence[TaskEnded]

    @property
    def completed(self) -> int:
        """Number of tasks learned."""
        return len(self.ended)


class Checkpoints:
    """The checkpoints in the folder of a run.

    Each is one safetensors file, written whole, whose name carries its checksum, so that one that was cut or altered is
    noticed before anything of it is used. Nothing in it is unpickled.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint, then removes those that are no longer needed.

        Raises:
            StoreError: The folder cannot be written.
        """
        from safetensors.torch import save

        metadata = {
            "format": FORMAT,
            "record": json.dumps(checkpoint.record.to_dict()),
            "ended": json.dumps([asdict(event) for event in checkpoint.ended]),
        }
        content = save({name: tensor.cpu().contiguous() for name, tensor in checkpoint.state.items()}, metadata)
        write_atomically(self._folder / f"checkpoint-{checkpoint.completed:03}-{_digest(content)}.safetensors", content)
        for path in self._paths()[:-KEPT]:
            path.unlink(missing_ok=True)

    def latest(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest whole checkpoint, None if there is none; and what is wrong with each newer one."""
        problems: list[str] = []
        for path in reversed(self._paths()):
            try:
                return _read(path), problems
            except (OSError, ValueError) as error:
                problems.append(f"'{path}' cannot be used: {error}")
        return None, problems

    def clear(self) -> None:
        """Removes all of them."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("checkpoint-*.safetensors"))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _read(path: Path) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        ValueError: It is not what its name says, or of another format.
    """
    from safetensors import safe_open
    from safetensors.torch import load

    content = path.read_bytes()
    if _digest(content) != path.stem.rpartition("-")[2]:
        raise ValueError("it was cut or altered, its checksum differs")
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    if metadata.get("format") != FORMAT:
        raise ValueError(f"its format is {metadata.get('format')}, not {FORMAT}")
    ended = [TaskEnded(**{**event, "accuracy": tuple(event["accuracy"])}) for event in json.loads(metadata["ended"])]
    return Checkpoint(load(content), Record.model_validate_json(metadata["record"]), ended)
