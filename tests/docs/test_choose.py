"""The page that helps to choose names components and results that there are, and its command runs."""

from __future__ import annotations

import re
from pathlib import Path

from cltk.kinds import COMPONENTS
from cltk.registry import installed
from tests.docs.pages import DOCS, Shell, blocks

TEXT = (DOCS / "choose.md").read_text()


def test_every_strategy_generator_and_schedule_of_ours_is_spoken_of() -> None:
    for kind in ("strategy", "generator", "schedule"):
        for plugin in installed(kind):
            assert f"`{plugin.name}`" in TEXT, plugin.name


def test_its_tables_name_components() -> None:
    names = {plugin.name for kind in COMPONENTS for plugin in installed(kind)}
    cells = re.findall(r"^\| (?:[a-z][^|]+\| )?(`[\w-]+`(?:, `[\w-]+`)*) \|", TEXT, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}
    assert len(named) > 10
    assert named <= names


def test_it_has_no_figures_of_its_own() -> None:
    """Accuracies are on the page of results alone."""
    assert re.findall(r"\d\.\d\d+", TEXT.replace("1809.10635", "")) == []


def test_its_command_plans_three_cells(tmp_path: Path) -> None:
    (block,) = blocks("choose.md", "sh")
    plan = Shell(tmp_path, {"CLTK_THREADS": "1"}).type(f"{block.text.rstrip()} --dry-run")
    assert all(name in plan for name in ("finetune", "randumb", "joint"))
