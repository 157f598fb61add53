"""The state of what is installed: from metadata alone, and as loading it shows."""

from __future__ import annotations

import time
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from cltk.distributions import unreadable
from cltk.errors import PluginError
from cltk.kinds import KINDS
from cltk.registry import Plugin, installed, load, state

__all__ = ["conflicts", "examine"]


def examine() -> list[dict[str, Any]]:
    """Loads every plugin, and says how long that took and how it ended.

    Returns:
        One row a plugin; ``seconds`` is the time of its import, beyond what was imported before it.
    """
    return [_examine(plugin) for kind in KINDS for plugin in installed(kind)]


def conflicts() -> list[str]:
    """What is wrong with the environment as a whole, a sentence each."""
    problems = [f"{name}: {reason}" for name, reason in unreadable().items()]
    try:
        unrelated = metadata("cltk")
    except PackageNotFoundError:
        return problems
    return [
        *problems,
        f"cltk {unrelated['Version']}, the Classical Language Toolkit, is installed too. Its import package has the "
        "same name, so that one overwrites the other: pip uninstall cltk, then reinstall cltk-core.",
    ]


def _examine(plugin: Plugin) -> dict[str, Any]:
    known, started = state(plugin), time.perf_counter()
    try:
        load(plugin)
    except PluginError as error:
        known = error.problem
    return plugin.row | {"seconds": round(time.perf_counter() - started, 3), "state": known}
