"""Names for the shell to complete, read from metadata and from the names of files alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from cltk.kinds import KINDS
from cltk.registry import installed

__all__ = ["kinds", "names_kept", "plugin_names", "run_ids", "words"]


def plugin_names(*wanted: str) -> Callable[[str], list[str]]:
    """A completer of the installed plugins of these kinds; of all kinds where none is given."""

    def complete(incomplete: str) -> list[str]:
        names = {plugin.name for kind in wanted or KINDS for plugin in installed(kind)}
        return sorted(name for name in names if name.startswith(incomplete))

    return complete


def names_kept(pattern: str) -> Callable[[typer.Context, str], list[str]]:
    """A completer of the folders in --store that have a file of this pattern."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        store = Path(ctx.params.get("store") or "runs")
        return sorted({path.parent.name for path in store.glob(pattern) if path.parent.name.startswith(incomplete)})

    return complete


def run_ids(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the ids of runs."""
    return [*words("latest")(incomplete), *names_kept("*/record.json")(ctx, incomplete)]


def kinds(incomplete: str) -> list[str]:
    """Completes the kinds of plugin."""
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def words(*valid: str) -> Callable[[str], list[str]]:
    """A completer of these words."""
    return lambda incomplete: [word for word in valid if word.startswith(incomplete)]
