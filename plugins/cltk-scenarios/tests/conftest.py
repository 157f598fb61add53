"""A small data set in MNIST's format, written by the tests themselves."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from cltk_scenarios.archive import Archive

Files = dict[str, bytes]


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def labelled(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """``count`` random images whose labels go round the classes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return pixels, (np.arange(count) % 10).astype(np.uint8)


@dataclass
class Small:
    """30 training and 20 test images; its archive knows the checksums of its own packed files."""

    files: Files
    packed: Files
    archive: Archive

    def write(self, folder: Path, packed: bool = True, **changed: bytes) -> Path:
        """Writes the files below a data folder; ``changed`` by a name such as ``train_images``."""
        home = folder / "MNIST" / "raw"
        home.mkdir(parents=True, exist_ok=True)
        for name, content in (self.packed if packed else self.files).items():
            published = getattr(self, name)
            (home / (f"{published}.gz" if packed else published)).write_bytes(changed.get(name, content))
        return folder

    train_images = "train-images-idx3-ubyte"
    train_labels = "train-labels-idx1-ubyte"
    test_images = "t10k-images-idx3-ubyte"
    test_labels = "t10k-labels-idx1-ubyte"


@pytest.fixture(scope="session")
def small() -> Small:
    (train_x, train_y), (test_x, test_y) = labelled(30, 1), labelled(20, 2)
    arrays = {"train_images": train_x, "train_labels": train_y, "test_images": test_x, "test_labels": test_y}
    files = {name: idx(array) for name, array in arrays.items()}
    packed = {name: gzip.compress(content, mtime=0) for name, content in files.items()}
    checksums = {name: hashlib.md5(content, usedforsecurity=False).hexdigest() for name, content in packed.items()}
    return Small(files, packed, Archive("MNIST", "split-mnist", **checksums))


@pytest.fixture
def contents() -> Callable[[Path], dict[str, tuple[int, bytes]]]:
    """All files below a folder, each with its time of change and its bytes."""

    def read(folder: Path) -> dict[str, tuple[int, bytes]]:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    return read


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLTK_OFFLINE", "1")
