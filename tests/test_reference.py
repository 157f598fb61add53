"""The reference in the docs: it names every public name, and the site builds without a warning."""

from __future__ import annotations

import ast
import importlib
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
MODULES = [name for page in PAGES for name in re.findall(r"^::: (\S+)$", page.read_text(), re.MULTILINE)]
OTHERS = ("cltk.api", "cltk.testing", "cltk_studies")
"""Modules that people import from, though no plugin does; none may be missing."""
CODE = sorted(ROOT.glob("plugins/*/cltk_*/**/*.py"))
"""Of the plugins that come with the core; their tests may use more of it."""


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


def imported(file: Path) -> Iterator[tuple[str, str]]:
    """The names that a file imports from the core, each with the module that it takes it from."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "cltk":
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            dotted = (alias.name.rpartition(".") for alias in node.names if alias.name.startswith("cltk."))
            yield from ((package, module) for package, _, module in dotted)


def test_no_public_module_is_missing() -> None:
    assert set(OTHERS) <= set(MODULES)


def test_plugins_of_ours_import_what_anybody_may() -> None:
    imports = {name: file.relative_to(ROOT) for file in CODE for name in imported(file)}
    assert ("cltk.interfaces", "Strategy") in imports
    private = {
        (module, name): f"{file} imports it"
        for (module, name), file in imports.items()
        if module not in MODULES or name not in importlib.import_module(module).__all__
    }
    assert private == {}


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_an_entry(names: set[str], module: str) -> None:
    exported = importlib.import_module(module).__all__
    assert exported
    assert [name for name in exported if f"{module}.{name}" not in names and not name.startswith("__")] == []
