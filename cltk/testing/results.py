"""``cltk plugins check``: what the conformance kit finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cltk.errors import DataUnavailableError
from cltk.kinds import KINDS
from cltk.registry import Plugin, load, settings_of
from cltk.testing import Check, ConformanceError, NotRunError, checks_of

__all__ = ["Result", "run_checks"]

Result = tuple[dict[str, str], ConformanceError | None]
"""A row for the table, and the failure where the check was not passed."""


def run_checks(plugin: Plugin, settings: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[Result]:
    """Checks a plugin, a result a check.

    Args:
        plugin: The plugin.
        settings: The fields that the command line set, by kind; of a kind that is not a slot, by name within it.
        parts: What a strategy is checked with, by slot.

    Raises:
        ConfigError: It is not a strategy, or not one with such slots.
        PluginError: It cannot be imported.
    """
    own = settings.get(plugin.kind, {})
    if not KINDS[plugin.kind].is_slot:
        own = settings_of(plugin, own)
    for check in checks_of(load(plugin), own, parts):
        result, failure = _run(check)
        yield {"component": f"{plugin.kind} {plugin.name}", "check": check.name, "result": result}, failure


def _run(check: Check) -> tuple[str, ConformanceError | None]:
    try:
        check.run()
    except DataUnavailableError:
        return "skipped: its data is not here", None
    except NotRunError as error:
        return f"not run: {error}", None
    except ConformanceError as error:
        return "failed", error
    return "ok", None
