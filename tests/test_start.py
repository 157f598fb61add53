"""The page and the notebook that people begin with: every command and every cell runs, in order."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
QUICK = ["--strategy.classifier.min-steps", "0", "--threads", "1"]


@pytest.mark.slow
def test_every_command_of_the_first_page_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / "start.md").read_text(), re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert len(commands) > 4
    for command in commands:
        program, name, *arguments = shlex.split(command)
        assert program == "cltk"
        quick = [*QUICK, "--sink", "none"] if name in ("run", "ablate") else []
        done = subprocess.run(
            [sys.executable, "-m", "cltk", name, *arguments, *quick],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert "<table>" in (tmp_path / "first.html").read_text()


def test_every_cell_of_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((DOCS / "first-run.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names: dict[str, object] = {}
    for cell in cells:
        exec(compile(cell, "first-run.ipynb", "exec"), names)  # noqa: S102
    assert names["scores"].shape == (3, 10)  # type: ignore[attr-defined]
