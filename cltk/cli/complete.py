"""Names for the shell to complete, read from metadata alone."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["component_names"]


def component_names(kind: str) -> Callable[[str], list[str]]:
    """A completer of the installed components of a kind."""

    def complete(incomplete: str) -> list[str]:
        from cltk.registry import installed

        return [plugin.name for plugin in installed(kind) if plugin.name.startswith(incomplete)]

    return complete
