"""Every distribution declares what its code imports, and nothing else."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECTS = (ROOT, *(file.parent for file in sorted(ROOT.glob("plugins/*/pyproject.toml"))))


INDIRECT = {"cltk-core", "tensorboard"}
"""What is needed though it is not imported: the place of entry points, and what ``torch.utils.tensorboard`` wraps."""


@cache
def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text())


def package(folder: Path) -> str:
    """The one package of a distribution."""
    (name,) = project(folder)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return str(name)


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def required(folder: Path) -> set[str]:
    """The distributions that are installed with it."""
    return names(project(folder)["project"]["dependencies"])


def optional(folder: Path) -> set[str]:
    """Those that come with its extras, apart from what its developers need."""
    extras = project(folder)["project"].get("optional-dependencies", {})
    return {name for extra, texts in extras.items() if extra != "dev" for name in names(texts)}


@cache
def providers() -> dict[str, set[str]]:
    """The distributions that a top-level module may come from."""
    # A distribution that is installed in place does not list its modules.
    ours = {package(folder): {project(folder)["project"]["name"]} for folder in PROJECTS}
    installed = packages_distributions().items()
    return {module: {canonicalize_name(name) for name in distributions} for module, distributions in installed} | ours


@cache
def imported(folder: Path) -> dict[str, Path]:
    """The top-level modules that its code imports, each with a file that does; not those of Python or its own."""
    files = sorted((folder / package(folder)).rglob("*.py"))
    found = {module: file for file in files for module in modules(file)}
    return {name: file for name, file in found.items() if name not in (package(folder), *sys.stdlib_module_names)}


def modules(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("folder", PROJECTS, ids=package)
def test_what_is_imported_is_declared(folder: Path) -> None:
    declared = required(folder) | optional(folder)
    missing = {
        module: f"{file.relative_to(ROOT)} imports it"
        for module, file in imported(folder).items()
        if not providers().get(module, {module}) & declared
    }
    assert missing == {}


@pytest.mark.parametrize("folder", PROJECTS, ids=package)
def test_what_is_declared_is_imported(folder: Path) -> None:
    used = set().union(*(providers().get(module, {module}) for module in imported(folder)))
    assert required(folder) - used - INDIRECT == set()


def test_the_core_needs_little() -> None:
    assert len(required(ROOT)) <= 10
    assert not required(ROOT) & {"mlflow", "optuna", "matplotlib"}


@pytest.mark.parametrize("name", ["mlflow", "optuna"])
def test_the_extra_of_everything_brings_the_large_ones(name: str) -> None:
    extras = project(ROOT)["project"]["optional-dependencies"]
    ours = {f"cltk-{extra}" for extra in ("mlflow", "studies")}
    assert ours == names(extras["mlflow"] + extras["studies"])
    assert {extra for text in extras["all"] for extra in Requirement(text).extras} == {"mlflow", "studies"}
    assert any(name in required(ROOT / "plugins" / distribution) for distribution in ours)
