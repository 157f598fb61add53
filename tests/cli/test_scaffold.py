"""``cltk plugins new``: a package of each kind; names that are taken are refused."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.kinds import KINDS

Cli = Callable[..., Any]

TRY_LAUNCHER = """
import json, sys, time, pathlib
from cltk_mine.mine import Mine

def wait(launcher, handle):
    while launcher.alive(handle):
        time.sleep(0.02)
    return launcher.reason(handle)

folder = pathlib.Path("logs")
folder.mkdir()
one, other = (Mine(Mine.Config(), folder) for _ in range(2))
handle = json.loads(json.dumps(one.start([sys.executable, "-c", "import time; time.sleep(60)"], 2)))
print(other.alive(handle))
other.stop(handle)
for handle in (handle, one.start(["true"], 1), one.start(["false"], 1)):
    print(wait(one, handle))
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_says_what_it_is_and_needs(cli: Cli, tmp_path: Path, kind: str) -> None:
    done = cli("plugins", "new", kind, "my-own")
    assert done.status == 0
    assert KINDS[kind].usage("my-own") in done.out
    project = tomllib.loads((tmp_path / "my-own" / "pyproject.toml").read_text())["project"]
    module, _, name = project["entry-points"][KINDS[kind].group]["my-own"].partition(":")
    source = (tmp_path / "my-own" / module.replace(".", "/")).with_suffix(".py")
    tree = ast.parse(source.read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    imported = {node.module.partition(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom) and node.module}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("cltk."):
            assert {alias.name for alias in node.names} <= set(dir(importlib.import_module(str(node.module))))
    imported |= {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    needed = {text.partition(">")[0].partition("<")[0] for text in project["dependencies"]}
    assert {name.partition(".")[0] for name in imported} - set(sys.stdlib_module_names) - {"cltk"} == needed - {
        "cltk-core"
    }


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("generator", "vae", "has a generator of that name"),
        ("metric", "diaz-ce", "has a metric of that name"),
        ("generator", "mlp", "is installed"),
        ("schedule", "core", "is installed"),
        ("command", "run", "is a command of the core"),
        ("command", "tune", "has a command of that name"),
    ],
)
def test_a_name_that_is_taken_is_refused(cli: Cli, tmp_path: Path, kind: str, name: str, reason: str) -> None:
    done = cli("plugins", "new", kind, name)
    assert done.status == 2
    assert reason in done.said
    assert f"my-{name}" in done.said
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["My-own", "my_own", "1st", "class", "-", "my--own", "../own"])
def test_a_name_that_no_package_can_have_is_refused(cli: Cli, name: str) -> None:
    done = cli("plugins", "new", "generator", "--", name)
    assert (done.status, f"cannot be called '{name}'" in done.said) == (2, True)


def test_an_unknown_kind_comes_with_the_nearest_one(cli: Cli) -> None:
    done = cli("plugins", "new", "genrator", "mine")
    assert (done.status, "Did you mean 'generator'?" in done.said) == (2, True)


def test_a_folder_that_is_there_is_left_alone(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    done = cli("plugins", "new", "generator", "mine")
    assert (done.status, "'mine' is there already" in done.said) == (1, True)


@pytest.mark.slow
def test_the_new_launcher_starts_and_stops_workers(cli: Cli, tmp_path: Path) -> None:
    cli("plugins", "new", "launcher", "mine")
    (tmp_path / "try.py").write_text(TRY_LAUNCHER)
    command = [sys.executable, "-W", "error", "try.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": "mine"}, capture_output=True, text=True
    )
    assert done.stderr == ""
    two, stopped, well, failed = done.stdout.splitlines()
    assert (two, stopped, well) == ("2", "None", "None")
    assert "failed" in failed
