"""What a run leaves on disk, and what of it is believed."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cltk.errors import StoreError
from cltk.events import ReplayShown
from cltk.runs.folder import RunFolder, read_samples

IMAGES = np.linspace(0, 1, 3 * 4, dtype=np.float32).reshape(3, 1, 2, 2)
LABELS = np.array([0, 1, 0], dtype=np.int64)


def archive(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_replayed_samples_are_read_as_they_were_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    for task in (0, 1):
        folder.save_replay(ReplayShown(task, IMAGES * (task + 1) / 2, LABELS, {}))
    samples = read_samples(tmp_path / "run" / "replay.npz")
    assert list(samples) == [0, 1]
    assert np.array_equal(samples[1][0], IMAGES)
    assert np.array_equal(samples[0][1], LABELS)


def test_who_loses_a_run_while_a_file_is_written_leaves_that_of_the_other(tmp_path: Path) -> None:
    """As a worker that is suspended while it waits for the disk, and has lost its cell when it goes on."""
    other = RunFolder(tmp_path)
    other.save_replay(ReplayShown(0, IMAGES, LABELS, {}))

    def lost() -> None:
        (written,) = tmp_path.glob(".replay.npz.*")
        assert written.stat().st_size > 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RunFolder(tmp_path, lost).save_replay(ReplayShown(0, IMAGES / 2, LABELS, {}))
    assert np.array_equal(read_samples(tmp_path / "replay.npz")[0][0], IMAGES)
    assert [path.name for path in tmp_path.iterdir()] == ["replay.npz"]


@pytest.mark.parametrize(
    "arrays",
    [
        {"images_0": IMAGES[0, 0], "labels_0": LABELS},
        {"images_0": IMAGES, "labels_0": LABELS[:2]},
        {"images_0": IMAGES},
        {"images_0": IMAGES.astype(str), "labels_0": LABELS},
        {"images_0": np.asfortranarray(IMAGES), "labels_0": LABELS},
        {"images_x": IMAGES, "labels_x": LABELS},
    ],
)
def test_arrays_of_another_kind_are_refused(tmp_path: Path, arrays: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match="holds no replayed samples"):
        read_samples(archive(tmp_path / "replay.npz", **arrays))


def test_no_size_is_believed(tmp_path: Path) -> None:
    file = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 1, 10**3, 1)}
    np.lib.format.write_array_header_1_0(file, header)
    path = tmp_path / "replay.npz"
    with zipfile.ZipFile(path, "w") as claiming:
        claiming.writestr("images_0.npy", file.getvalue())
    with pytest.raises(StoreError, match="1000000000"):
        read_samples(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as unpacking:
        unpacking.writestr("images_0.npy", bytes(1 << 20))
    assert path.stat().st_size < 10_000
    with pytest.raises(StoreError, match="holds more than 10,000 bytes"):
        read_samples(path, most=10_000)
