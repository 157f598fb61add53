"""Variables of the environment that begin with ``CLTK_``: those that have no effect."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from cltk.errors import CltkError
from cltk.kinds import KINDS
from cltk.names import canonical
from cltk.registry import installed

__all__ = ["describe_ignored"]

_OWN = ("CLTK_CAPTURE", "CLTK_DATA_DIR", "CLTK_OFFLINE", "CLTK_PLUGINS")
"""Those that are read elsewhere than by an option."""


def describe_ignored(ctx: Any, environment: Mapping[str, str]) -> Iterator[str]:
    """Says of each variable that no command reads, and of each plugin allowed that there is not, that it is so.

    Of a variable that sets a field of a component, the commands say it that take components.

    Args:
        ctx: Of the command that has all others, those of plugins among them.
        environment: The variables.
    """
    given = {name for name, text in environment.items() if text and name.startswith("CLTK_") and "__" not in name[5:]}
    if unread := given.difference(_OWN):
        known = {*_OWN, *_read_by(ctx, ctx.command)}  # The commands of plugins are imported for it.
        for name in sorted(unread - known):
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            yield f"No command reads the variable {name}." + (f" Did you mean {near[0]}?" if near else "")
    if allowed := environment.get("CLTK_PLUGINS"):
        known = {plugin.distribution for kind in KINDS for plugin in installed(kind)}
        for name in allowed.split(","):
            if name.strip() and canonical(name) not in known:
                yield f"CLTK_PLUGINS allows '{name.strip()}', but no distribution of that name offers a plugin."


def _read_by(ctx: Any, command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar or ()
    for name in command.list_commands(ctx) if hasattr(command, "list_commands") else ():
        with suppress(CltkError):  # What is broken reads nothing.
            yield from _read_by(ctx, command.resolve_command(ctx, [name])[1])
