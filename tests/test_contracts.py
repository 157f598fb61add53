"""The import contracts leave no package and no module of the core out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import cltk

ROOT = Path(__file__).parent.parent
LINTER: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
FOR_EVERYBODY = {"cltk.config", "cltk.errors", "cltk.interfaces", "cltk.seeding"}
"""What components may import of the core."""


def test_every_package_is_checked() -> None:
    packages = {file.parent.name for file in ROOT.glob("plugins/*/*/py.typed")}
    assert set(LINTER["root_packages"]) == {"cltk", *packages}
    assert packages <= protected()


def test_components_see_what_is_meant_for_them_alone() -> None:
    files = (file for file in Path(cltk.__file__).parent.iterdir() if not file.name.startswith(("_", "py.typed")))
    assert {f"cltk.{file.stem}" for file in files} - protected() == FOR_EVERYBODY


def protected() -> set[str]:
    """The modules that somebody may not import."""
    return {module for contract in LINTER["contracts"] for module in contract.get("protected_modules", ())}
