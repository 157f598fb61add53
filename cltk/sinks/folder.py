"""The folder of a run: what it leaves on disk, before any server hears of it."""

from __future__ import annotations

import io
import traceback
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from torch import Tensor

from cltk.events import ReplayShown
from cltk.record import Record, to_json, write_atomically

__all__ = ["RunFolder", "experiment_toml"]


class RunFolder:
    """``record.json``, ``experiment.toml``, ``replay.npz`` and ``weights.safetensors`` of one run, each written whole.

    A run that failed by a mistake in a component leaves a ``traceback.txt`` too.

    Args:
        path: The folder; created when something is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def save_record(self, record: Record) -> None:
        """Replaces the record, and the experiment that it is of."""
        write_atomically(self.path / "experiment.toml", experiment_toml(record).encode())
        write_atomically(self.path / "record.json", to_json(record))

    def save_replay(self, event: ReplayShown) -> None:
        """Adds the replayed samples of a task to those of the tasks before it."""
        pictures = self._pictures(event.task)
        pictures |= {f"images_{event.task}": event.images, f"labels_{event.task}": event.labels}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **pictures)
        write_atomically(self.path / "replay.npz", buffer.getvalue())

    def _pictures(self, tasks: int) -> dict[str, Any]:
        """The samples stored for the first ``tasks`` tasks; none where the file is missing or was cut."""
        try:
            with np.load(self.path / "replay.npz", allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files if int(name.rpartition("_")[2]) < tasks}
        except (OSError, ValueError, zipfile.BadZipFile):
            return {}

    def save_weights(self, state: Mapping[str, Tensor]) -> None:
        """Replaces the weights of the networks."""
        from safetensors.torch import save

        write_atomically(self.path / "weights.safetensors", save({k: v.cpu().contiguous() for k, v in state.items()}))

    def save_traceback(self) -> Path:
        """Writes down where the exception that is being handled came from."""
        path = self.path / "traceback.txt"
        write_atomically(path, traceback.format_exc().encode())
        return path


def experiment_toml(record: Record) -> str:
    """The experiment of a record with every default written out, for the one seed, as ``cltk run`` takes it."""
    return tomli_w.dumps(_without_none(record.config | {"seeds": [record.seed]}))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_none(inner) for inner in value]
    return value
