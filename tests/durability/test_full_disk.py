"""A disk that is full, at whichever write it happens: nothing that is half there is ever taken for a whole."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cltk.build import Prepared
from cltk.errors import StoreError
from cltk.record_file import read_record
from cltk.runs.checkpoint import Checkpoints
from tests.durability.conftest import comparable, run_all


@pytest.fixture
def make_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a disk of so many KiB, where this user may."""
    mounted: list[Path] = []

    def make(kilobytes: int) -> Path:
        path = tmp_path / f"disk-{kilobytes}"
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(path)]
        if os.geteuid() or shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
            pytest.skip("this user may not mount a disk")
        mounted.append(path)
        return path

    yield make
    for path in mounted:
        subprocess.run(["umount", "-l", str(path)], check=True)


def _status(prepared: Prepared, disk: Path) -> int:
    """The exit status; 1 where not even the record of the failure could be written."""
    try:
        return run_all(prepared, disk, resume=False)
    except StoreError as error:
        return int("No space left" in error.problem)


@pytest.mark.slow
def test_nothing_partial_is_taken_for_a_whole(
    make_prepared: Callable[[str], Prepared], make_disk: Callable[[int], Path], tmp_path: Path
) -> None:
    prepared = make_prepared("generative-replay")
    assert run_all(prepared, tmp_path / "whole", resume=False) == 0
    (whole,) = (read_record(path) for path in (tmp_path / "whole").glob("*/record.json"))
    failed = 0
    for size in (4, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 400, 512, 700, 1000, 2000):
        disk = make_disk(size)
        status = _status(prepared, disk)
        failed += status
        for path in disk.glob("run-*/record.json"):
            record = read_record(path)
            assert record.accuracy == whole.accuracy[: len(record.accuracy)]
            assert (record.status == "finished") == (status == 0)
        for folder in disk.glob("run-*"):
            assert Checkpoints(folder).latest()[1] == []
        assert not list(disk.glob("run-*/.*")), "a temporary file was left behind"
    assert failed >= 10
    moved = tmp_path / "moved"
    shutil.copytree(disk, moved)
    assert run_all(prepared, moved, resume=True) == 0
    assert comparable(read_record(moved / whole.run_id / "record.json")) == comparable(whole)
