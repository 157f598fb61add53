"""Standard output belongs to results: what components print, in whatever way, goes to standard error."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.commandline import run_child

NOISY = """
import os
from cltk.interfaces import Metric

print("imported")

class Noisy(Metric):
    def value(self, history):
        print("computing")
        os.write(1, b"from a library in C\\n")
        os.system("echo from a program")
        return 0.5
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Installs a metric that prints; what Python is to look for modules in."""
    metadata = tmp_path / "noisy-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: noisy\nVersion: 1.0\nRequires-Dist: cltk-core\n")
    (metadata / "entry_points.txt").write_text("[cltk.metrics]\nnoisy = noisy:Noisy\n")
    (tmp_path / "noisy.py").write_text(NOISY)
    return os.pathsep.join([str(tmp_path), *sys.path])


@pytest.mark.parametrize(
    "command",
    [["schema"], ["cite", "noisy"], ["run", "--scenario", "split-digits", "--metric", "noisy", "--print-config"]],
)
def test_files_are_all_that_it_holds_where_they_are_printed(path: str, command: list[str]) -> None:
    done = run_child(*command, PYTHONPATH=path)
    assert done.status == 0, done.err
    assert "imported" not in done.out
    assert "imported" in done.err


def test_json_is_all_that_standard_output_holds(path: str, finetune: list[str]) -> None:
    done = run_child(
        *finetune, "--scenario.per-class", 5, "--sink", "none", "--metric", "noisy", "--json", PYTHONPATH=path
    )
    assert done.status == 0, done.err
    assert done.json["metrics"] == {"noisy": 0.5}
    for noise in ("imported", "computing", "from a library in C", "from a program"):
        assert noise in done.err
