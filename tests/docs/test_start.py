"""The page and the notebook that people begin with: every command and every cell runs, in order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Shell, blocks

QUICK = {"CLTK_STRATEGY__CLASSIFIER__MIN_STEPS": "0", "CLTK_THREADS": "1", "CLTK_SINK": "none"}


@pytest.mark.slow
def test_every_command_of_the_first_page_runs(tmp_path: Path) -> None:
    shell = Shell(tmp_path, QUICK)
    for block in blocks("start.md", "sh"):
        shell.type(block.text)
    assert "<table>" in (tmp_path / "runs" / "reports" / "first.html").read_text()


def test_every_cell_of_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((DOCS / "first-run.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, "first-run.ipynb", "exec"), names)  # noqa: S102
    assert names["scores"].shape == (3, 10)  # type: ignore[attr-defined]
