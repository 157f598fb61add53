"""The reference in the docs: it names every public name, and the site builds without a warning."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
MODULES = [name for page in PAGES for name in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE)]
PUBLIC = (
    "cltk.interfaces",
    "cltk.config",
    "cltk.errors",
    "cltk.events",
    "cltk.experiment",
    "cltk.layers",
    "cltk.record",
    "cltk.record_file",
    "cltk.testing",
    "cltk_studies",
)
"""Modules that people import from; none may be missing."""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every name that the built site has an entry for."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    header, _, body = (site / "objects.inv").read_bytes().partition(b"using zlib.\n")
    assert header
    return {line.split(" ")[0] for line in zlib.decompress(body).decode().splitlines()}


def test_no_public_module_is_missing() -> None:
    assert set(PUBLIC) <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_an_entry(names: set[str], module: str) -> None:
    exported = importlib.import_module(module).__all__
    assert exported
    assert [name for name in exported if f"{module}.{name}" not in names and not name.startswith("__")] == []
