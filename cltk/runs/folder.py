"""The folder of a run: what it leaves on disk, before any server hears of it."""

from __future__ import annotations

import contextlib
import io
import math
import traceback
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import tomli_w

from cltk.errors import StoreError
from cltk.events import ReplayShown
from cltk.experiment import qualified_names
from cltk.files import read_bounded, write_atomically
from cltk.kinds import SLOTS
from cltk.layers import NULL
from cltk.mappings import replaced, without_none
from cltk.record import Record
from cltk.record_file import to_json

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["RunFolder", "Samples", "config_toml", "experiment_toml", "most_sample_bytes", "read_samples"]

Samples = dict[int, tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]]
"""Images (n, C, H, W) in [0, 1] and labels (n,) that would be replayed after each task, tasks counted from 0."""


class RunFolder:
    """``record.json``, ``experiment.toml``, ``replay.npz`` and ``weights.safetensors`` of one run, each written whole.

    A run that failed by a mistake in a component leaves a ``traceback.txt`` too.

    Args:
        path: The folder; created when something is written.
        permit: Called before a file is replaced; what it raises leaves that as it is.
    """

    def __init__(self, path: Path, permit: Callable[[], None] = lambda: None) -> None:
        self.path = path
        self._permit = permit
        self._experiment: bytes | None = None

    def save_record(self, record: Record) -> None:
        """Replaces the record, and the experiment that it is of."""
        experiment = experiment_toml(record).encode()
        if experiment != self._experiment:  # It is the same after each task, and a file on disk takes a while.
            write_atomically(self.path / "experiment.toml", experiment, self._permit)
            self._experiment = experiment
        write_atomically(self.path / "record.json", to_json(record), self._permit)

    def save_replay(self, event: ReplayShown) -> None:
        """Adds the replayed samples of a task to those of the tasks before it, unless their file is broken."""
        path = self.path / "replay.npz"
        stored: Samples = {}
        with contextlib.suppress(StoreError):
            stored = {task: samples for task, samples in read_samples(path).items() if task < event.task}
        stored[event.task] = (event.images, event.labels)
        arrays: dict[str, Any] = {f"images_{task}": images for task, (images, _) in stored.items()}
        arrays |= {f"labels_{task}": labels for task, (_, labels) in stored.items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)  # What a generator draws hardly gets smaller by compression.
        write_atomically(path, buffer.getvalue(), self._permit)

    def save_weights(self, state: Mapping[str, Tensor]) -> None:
        """Replaces what the strategy holds at the end: networks, buffer and all else, as ``load_state`` takes it."""
        from cltk.runs.tensors import pack

        write_atomically(self.path / "weights.safetensors", pack(state), self._permit)

    def save_traceback(self) -> Path:
        """Writes down where the exception that is being handled came from."""
        path = self.path / "traceback.txt"
        write_atomically(path, traceback.format_exc().encode(), self._permit)
        return path


def read_samples(path: Path, most: int = 1 << 28) -> Samples:
    """Reads ``images_<task>`` and ``labels_<task>`` from a NumPy archive.

    Archives come from other people too, and a small one may claim to hold anything: what each array says of its size
    is compared with the bytes that are there before it is read.

    Args:
        path: The archive.
        most: Bytes that it may hold.

    Raises:
        StoreError: The file is truncated or altered, or holds more.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(read_bounded(path, most))) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > most:
                raise ValueError(f"it holds more than {most:,} bytes")
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            tasks = sorted(int(name.removeprefix("images_")) for name in names if name.startswith("images_"))
            return {task: _read_task(archive, task) for task in tasks}
    except (OSError, EOFError, ValueError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(f"'{path}' holds no replayed samples: {error}", "Remove it.") from error


def most_sample_bytes(record: Record) -> int:
    """Bytes that the replayed samples of a run may take: those of a thousand images a task."""
    return len(record.classes) * 1000 * (4 * record.bytes.get("image", 0) + 8)


def _read_task(archive: zipfile.ZipFile, task: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    images = _read_array(archive, f"images_{task}.npy", np.dtype(np.float32), dimensions=4)
    labels = _read_array(archive, f"labels_{task}.npy", np.dtype(np.int64), dimensions=1)
    if len(images) != len(labels):
        raise ValueError(f"task {task} has {len(images)} images and {len(labels)} labels")
    return images, labels


def _read_array(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], dimensions: int) -> npt.NDArray[Any]:
    entry = archive.getinfo(name)
    with archive.open(entry) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{name} is of another format")
        shape, fortran, given = np.lib.format.read_array_header_1_0(file)
        expected = math.prod(shape) * dtype.itemsize
        if given != dtype or fortran or len(shape) != dimensions or file.tell() + expected != entry.file_size:
            raise ValueError(f"{name} is {given} of shape {shape} in {entry.file_size} bytes")
        return np.frombuffer(file.read(expected), dtype).reshape(shape)


def experiment_toml(record: Record) -> str:
    """The experiment of a record with every default written out, for the one seed, as ``cltk run`` takes it."""
    return config_toml(qualified_names(record.config, record.plugins) | {"seeds": [record.seed]})


def config_toml(config: Mapping[str, Any]) -> str:
    """An experiment as TOML; a field of a component that has no value is ``"null"``, as its default may be another."""
    slots = {slot: replaced(config[slot], None, NULL) for slot in SLOTS if config.get(slot)}
    return tomli_w.dumps(without_none({**config, **slots}))
