"""Names for the shell to complete, read from metadata alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cltk.kinds import KINDS
from cltk.registry import installed

__all__ = ["kinds", "plugin_names", "run_ids", "words"]


def plugin_names(*wanted: str) -> Callable[[str], list[str]]:
    """A completer of the installed plugins of these kinds; of all kinds where none is given."""

    def complete(incomplete: str) -> list[str]:
        names = {plugin.name for kind in wanted or KINDS for plugin in installed(kind)}
        return sorted(name for name in names if name.startswith(incomplete))

    return complete


def run_ids(incomplete: str) -> list[str]:
    """Completes the ids of runs, in the store that is the default here."""
    store = Path(os.environ.get("CLTK_STORE") or "runs")
    names = ["latest", *sorted(path.parent.name for path in store.glob("*/record.json"))]
    return [name for name in names if name.startswith(incomplete)]


def kinds(incomplete: str) -> list[str]:
    """Completes the kinds of plugin."""
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def words(*valid: str) -> Callable[[str], list[str]]:
    """A completer of these words."""
    return lambda incomplete: [word for word in valid if word.startswith(incomplete)]
