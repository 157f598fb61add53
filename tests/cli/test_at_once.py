"""Two commands that would do the same run at once, in one store."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cltk.record_file import read_record
from tests.commandline import Cli

ENDLESS = ["--scenario.per-class", "5", "--strategy.classifier.epochs", "1000000", "--sink", "none"]


@pytest.fixture
def first(finetune: list[str], tmp_path: Path) -> Iterator[Path]:
    """The folder of a run that another process is doing."""
    command = [sys.executable, "-m", "cltk", *finetune, *ENDLESS, "--store", str(tmp_path / "kept"), "--seeds", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        records: list[Path] = []
        while not records:
            assert process.poll() is None
            time.sleep(0.05)
            records = list((tmp_path / "kept").glob("*/record.json"))
        yield records[0].parent
        process.kill()


def test_the_second_says_that_it_is_being_done(cli: Cli, finetune: list[str], first: Path) -> None:
    done = cli(*finetune, *ENDLESS, "--store", first.parent, "--seeds", "0,1")
    assert done.status == 1
    assert f"The run '{first.name}' is being done by another process" in done.said
    assert read_record(first / "record.json").status == "running"
    assert [path.name for path in first.parent.glob("*/record.json")] == ["record.json"], "no seed was begun"


def test_a_process_that_was_killed_leaves_no_claim(cli: Cli, finetune: list[str], tmp_path: Path) -> None:
    short = ["--scenario.per-class", "5", "--strategy.classifier.epochs", "1", "--sink", "none", "--json"]
    done = cli(*finetune, *short, "--store", "kept")
    folder = tmp_path / "kept" / done.json["run_id"]
    (folder / ".lock").touch()  # What the claim of a process that was killed leaves behind.
    assert cli(*finetune, *short, "--store", "kept").status == 0
    assert not (folder / ".lock").exists()
