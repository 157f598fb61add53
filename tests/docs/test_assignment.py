"""The tutorial: its files are written and its commands run, in order; those on MNIST as far as their plans."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Block, Shell, blocks

FILES = list(blocks("assignment.md", "toml"))
COMMANDS = list(blocks("assignment.md", "sh"))
QUICK = {"CLTK_SEEDS": "0", "CLTK_THREADS": "1", "CLTK_SINK": "none"}


def on_mnist(block: Block) -> bool:
    return "experiments/" in block.text


@pytest.mark.slow
def test_the_digits_as_they_stand(tmp_path: Path) -> None:
    """With a tenth of the steps, and one seed."""
    for file in FILES:
        replace(file, text=re.sub(r"steps = (\d+)0 ", r"steps = \1 ", file.text)).write(tmp_path)
    shell = Shell(tmp_path, QUICK)
    printed = [shell.type(block.text) for block in COMMANDS if not on_mnist(block)]
    for name in ("final-average-accuracy", "diaz-bwt", "diaz-fwt", "diaz-ms", "diaz-ce", "seen", "replayed", "total"):
        assert name in printed[0]
    assert all(name in printed[1] for name in ("generative replay", "no replay", "GDumb, 200 images", "all data"))
    assert "<table>" in (tmp_path / "report.html").read_text()
    assert "1705.08690" in (tmp_path / "references.bib").read_text()


def test_its_schedules_replay_as_much(tmp_path: Path) -> None:
    for file in FILES:
        file.write(tmp_path)
    plan = Shell(tmp_path, {"CLTK_THREADS": "1"}).type("cltk ablate counts.toml --dry-run --seeds 0")
    counts = [int(word.replace(",", "")) for line in plan.splitlines() for word in line.split() if "1,1" in word]
    assert len(counts) == 3
    assert max(counts) - min(counts) <= 5


@pytest.mark.slow
def test_the_commands_on_mnist_have_a_plan(tmp_path: Path, mnist_folder: Path) -> None:
    (tmp_path / "experiments").symlink_to(DOCS.parent / "experiments")
    shell = Shell(tmp_path, {"CLTK_DATA_DIR": str(mnist_folder), "CLTK_THREADS": "1"})
    lines = [line for block in COMMANDS if on_mnist(block) for line in block.text.splitlines()]
    planned = [line for line in lines if "experiments/" in line]
    assert len(planned) > 8
    for line in planned:
        command = line.partition("#")[0].rstrip()
        assert shell.type(command if command.endswith("--dry-run") else f"{command} --print-config")
