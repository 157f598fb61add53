"""A background process: its calls in order, up to the first failure, and never longer than its owner lives."""

from __future__ import annotations

import importlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cltk_mlflow.background import BackgroundProcess

WRITER = """
import pathlib, time
from cltk.errors import StoreError

class Diary:
    def __init__(self, path, word):
        self.path = pathlib.Path(path)
        self.note(word)

    def note(self, word):
        print("noise")
        with self.path.open("a") as file:
            file.write(f"{word} ")

    def wait(self, seconds):
        time.sleep(seconds)

    def fail(self):
        raise StoreError("The ink is dry.", "Buy some.")

    def stumble(self):
        raise KeyError("pen")

    def search(self):
        import importlib.metadata, importlib_metadata
        self.note(len(importlib.metadata.entry_points(group="diary")))
        self.note(len(importlib_metadata.entry_points(group="diary")))
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the object, which both processes can import."""
    (tmp_path / "diary_of_a_test.py").write_text(WRITER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("diary_of_a_test")
    del sys.modules["diary_of_a_test"]


def start(module: ModuleType, folder: Path) -> BackgroundProcess[Any]:
    return BackgroundProcess(module.Diary, folder / "diary", word="begin")


def written(folder: Path) -> str:
    return (folder / "diary").read_text()


def test_everything_is_written_in_order(tmp_path: Path, module: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    background = start(module, tmp_path)
    for word in ("a", "b", "c"):
        background.submit(module.Diary.note, word)
    assert background.close() is None
    assert background.close() is None
    assert written(tmp_path) == "begin a b c "
    assert capfd.readouterr().out == ""


def test_after_a_mistake_nothing_more_is_written(tmp_path: Path, module: ModuleType) -> None:
    background = start(module, tmp_path)
    background.submit(module.Diary.fail)
    background.submit(module.Diary.note, "more")
    assert background.close() == "The ink is dry."
    assert written(tmp_path) == "begin "


def test_any_mistake_is_told(tmp_path: Path, module: ModuleType) -> None:
    background = start(module, tmp_path)
    background.submit(module.Diary.stumble)
    assert background.close() == "KeyError: 'pen'"


def test_one_that_cannot_begin_says_why(tmp_path: Path, module: ModuleType) -> None:
    background = start(module, tmp_path / "nowhere")
    background.submit(module.Diary.note, "a")
    assert "No such file or directory" in (background.close() or "")


def test_one_that_cannot_be_imported_there_says_why(
    tmp_path: Path, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    assert start(module, tmp_path).close() == "ModuleNotFoundError: No module named 'diary_of_a_test'"


def test_what_is_not_found_by_its_name_is_refused_at_once(tmp_path: Path, module: ModuleType) -> None:
    background = start(module, tmp_path)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        background.submit(lambda diary: diary.note("a"))
    assert background.close() is None


@pytest.mark.parametrize("content", [b"[diary]\nno assignment\n", b"\xff\xfe"])
def test_a_malformed_distribution_breaks_no_library_there(tmp_path: Path, module: ModuleType, content: bytes) -> None:
    pytest.importorskip("importlib_metadata")
    malformed = tmp_path / "malformed-1.0.dist-info"
    malformed.mkdir()
    (malformed / "METADATA").write_bytes(b"Metadata-Version: 2.1\nName: malformed\nVersion: 1.0\n")
    (malformed / "entry_points.txt").write_bytes(content)
    background = start(module, tmp_path)
    background.submit(module.Diary.search)
    assert background.close() is None
    assert written(tmp_path) == "begin 0 0 "


def test_submitting_does_not_wait(tmp_path: Path, module: ModuleType) -> None:
    """Not for a server that hangs, with more to write than a pipe holds."""
    background = start(module, tmp_path)
    background.submit(module.Diary.wait, 3.0)
    started = time.monotonic()
    for _ in range(20):
        background.submit(module.Diary.note, "x" * 100_000)
    assert time.monotonic() - started < 2.5
    background.close()
    assert len(written(tmp_path)) > 2_000_000


def test_one_that_was_killed_is_a_notice(tmp_path: Path, module: ModuleType) -> None:
    background = start(module, tmp_path)
    background.submit(module.Diary.wait, 60.0)
    os.kill(background.pid, signal.SIGKILL)
    background.submit(module.Diary.note, "a")
    assert background.close() == "The background process ended with status -9"


def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    """An owner that is killed leaves nobody behind who writes on."""
    (tmp_path / "diary_of_a_test.py").write_text(WRITER)
    owner = f"""
from cltk_mlflow.background import BackgroundProcess
from diary_of_a_test import Diary
background = BackgroundProcess(Diary, {str(tmp_path / "diary")!r}, "begin")
background.submit(Diary.wait, 60.0)
background.submit(Diary.note, "more")
print(background.pid, flush=True)
input()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", owner], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert process.stdout is not None
    writer = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{writer}").exists() and "State:\tZ" not in Path(f"/proc/{writer}/status").read_text():
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)
    assert "more" not in (written(tmp_path) if (tmp_path / "diary").exists() else "")
