"""The process that writes to MLflow: in order, up to the first mistake, and never longer than its owner lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cltk.processes.background import Background

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
            file.write(word + " ")

    def wait(self, seconds):
        time.sleep(seconds)

    def fail(self):
        raise StoreError("The ink is dry.", "Buy some.")

    def stumble(self):
        raise KeyError("pen")
"""


def start(folder: Path, monkeypatch: pytest.MonkeyPatch, word: str = "begin") -> Background:
    (folder / "diary_of_a_test.py").write_text(WRITER)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return Background("Write by hand.", "diary_of_a_test:Diary", folder / "diary", word)


def written(folder: Path) -> str:
    return (folder / "diary").read_text()


def test_everything_is_written_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    background = start(tmp_path, monkeypatch)
    for word in ("a", "b", "c"):
        background.submit("note", word)
    background.close()
    background.close()
    assert written(tmp_path) == "begin a b c "
    assert background.notices == []
    assert capfd.readouterr().out == ""


def test_after_a_mistake_nothing_more_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    background = start(tmp_path, monkeypatch)
    background.submit("fail")
    background.submit("note", "more")
    background.close()
    assert written(tmp_path) == "begin "
    assert background.notices == ["The ink is dry. Write by hand."]


def test_any_mistake_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    background = start(tmp_path, monkeypatch)
    background.submit("stumble")
    background.close()
    assert background.notices == ["KeyError: 'pen'. Write by hand."]


def test_one_that_cannot_begin_says_why(tmp_path: Path) -> None:
    background = Background("Write by hand.", "no_such_module:Diary", tmp_path)
    background.submit("note", "a")
    background.close()
    assert background.notices == ["ModuleNotFoundError: No module named 'no_such_module'. Write by hand."]


def test_submitting_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for a server that hangs, with more to write than a pipe holds."""
    background = start(tmp_path, monkeypatch)
    background.submit("wait", 3.0)
    started = time.monotonic()
    for _ in range(20):
        background.submit("note", "x" * 100_000)
    assert time.monotonic() - started < 2.5
    background.close()
    assert len(written(tmp_path)) > 2_000_000


def test_one_that_was_killed_is_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    background = start(tmp_path, monkeypatch)
    background.submit("wait", 60.0)
    background._process.kill()
    background.submit("note", "a")
    background.close()
    assert background.notices == ["The process that writes to MLflow ended with status -9. Write by hand."]


def test_it_ends_with_its_owner(tmp_path: Path) -> None:
    """An owner that is killed leaves nobody behind who writes on."""
    (tmp_path / "diary_of_a_test.py").write_text(WRITER)
    owner = f"""
from cltk.processes.background import Background
background = Background("", "diary_of_a_test:Diary", {str(tmp_path / "diary")!r}, "begin")
background.submit("wait", 60.0)
background.submit("note", "more")
print(background._process.pid, flush=True)
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
