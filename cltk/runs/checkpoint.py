"""Checkpoints: all that a run needs to go on after a task or an epoch, bit for bit as if it had never stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor

from cltk.engine import ResumePoint
from cltk.events import EpochEnded, PhaseEvent, PhaseStarted, Warned
from cltk.files import read_bounded, write_atomically
from cltk.record import Record
from cltk.runs.tensors import MOST, pack, unpack

__all__ = ["Checkpoint", "Checkpoints", "EpochCheckpoint"]

FORMAT = "cltk.checkpoint/4"
KEPT = 2
"""Checkpoints kept of a run: the newest, and one to fall back to."""

State = Mapping[str, Tensor]
Texts = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A run after some of its tasks.

    Attributes:
        state: What the strategy keeps, on the CPU.
        record: The record so far.
    """

    state: Mapping[str, Tensor]
    record: Record

    @property
    def completed(self) -> int:
        """Number of tasks learned."""
        return len(self.record.tasks)


@dataclass(frozen=True, slots=True)
class EpochCheckpoint:
    """A run within a task, at the end of an epoch.

    Attributes:
        point: How far the task after those learned has come.
        record: The record so far, with all that ``point`` has seen.
    """

    point: ResumePoint
    record: Record

    @property
    def completed(self) -> int:
        """Number of tasks learned before."""
        return len(self.record.tasks)


class Checkpoints:
    """The checkpoints in the folder of a run: after each task, and within a task that takes long.

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
        texts = {"record": json.dumps(checkpoint.record.to_dict())}
        self._write(f"checkpoint-{checkpoint.completed:03}", checkpoint.state, texts)
        for path in [*self._paths("checkpoint")[:-KEPT], *self._paths("progress")]:
            path.unlink(missing_ok=True)

    def save_progress(self, checkpoint: EpochCheckpoint) -> None:
        """Writes a checkpoint within a task, in place of the one before.

        Raises:
            StoreError: The folder cannot be written.
        """
        earlier, point = self._paths("progress"), checkpoint.point
        events = [{"kind": type(event).__name__, **asdict(event)} for event in point.events]
        state = {f"{i}.{name}": tensor for i, part in enumerate(point.states) for name, tensor in part.items()}
        texts = {
            "events": json.dumps(events),
            "phases": str(len(point.states)),
            "seconds": str(point.seconds),
            "record": json.dumps(checkpoint.record.to_dict()),
        }
        written = self._write(f"progress-{checkpoint.completed:03}", state, texts)
        for path in earlier:
            if path != written:
                path.unlink(missing_ok=True)

    def latest(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest whole checkpoint after a task, None if there is none; and what is wrong with each newer one."""
        return self._newest("checkpoint", _checkpoint)

    def progress(self, completed: int) -> tuple[EpochCheckpoint | None, list[str]]:
        """The checkpoint within the task after ``completed`` ones, None if there is none; and what is wrong if so."""
        return self._newest(f"progress-{completed:03}", _epoch_checkpoint)

    def clear(self) -> None:
        """Removes all of them."""
        for path in [*self._paths("checkpoint"), *self._paths("progress")]:
            path.unlink(missing_ok=True)

    def _newest(self, kind: str, restore: Callable[[State, Texts], T]) -> tuple[T | None, list[str]]:
        problems: list[str] = []
        for path in reversed(self._paths(kind)):
            try:
                return restore(*_read(path)), problems
            except (OSError, ValueError) as error:
                problems.append(f"'{path}' cannot be used: {error}")
        return None, problems

    def _write(self, name: str, state: State, texts: Texts) -> Path:
        content = pack(state, {"format": FORMAT, **texts})
        path = self._folder / f"{name}-{_digest(content)}.safetensors"
        write_atomically(path, content)
        return path

    def _paths(self, kind: str) -> list[Path]:
        # Of names that differ in length the longer one has the higher number: beyond 999, text sorts otherwise.
        paths = self._folder.glob(f"{kind}-*.safetensors")
        return sorted(paths, key=lambda path: (len(path.name), path.name))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def _read(path: Path) -> tuple[State, Texts]:
    """Reads the tensors and the texts of a file.

    Raises:
        ValueError: It is not what its name says, or of another format.
    """
    content = read_bounded(path, MOST)
    if _digest(content) != path.stem.rpartition("-")[2]:
        raise ValueError("it was cut or altered, its checksum differs")
    state, texts = unpack(content)
    if texts.get("format") != FORMAT:
        raise ValueError(f"its format is {texts.get('format')}, not {FORMAT}")
    return state, texts


def _checkpoint(state: State, texts: Texts) -> Checkpoint:
    return Checkpoint(state, Record.model_validate_json(texts["record"]))


def _epoch_checkpoint(state: State, texts: Texts) -> EpochCheckpoint:
    states: list[dict[str, Tensor]] = [{} for _ in range(int(texts["phases"]))]
    for name, tensor in state.items():
        phase, _, rest = name.partition(".")
        states[int(phase)][rest] = tensor
    events = tuple(_event(**event) for event in json.loads(texts["events"]))
    point = ResumePoint(events, states, float(texts["seconds"]))
    return EpochCheckpoint(point, Record.model_validate_json(texts["record"]))


def _event(kind: str, **fields: Any) -> PhaseEvent:
    kinds: dict[str, type[PhaseEvent]] = {cls.__name__: cls for cls in (PhaseStarted, EpochEnded, Warned)}
    return kinds[kind](**fields)
