"""Finding plugins by kind and name among the entry points of installed distributions.

Only the plugin that is asked for is imported. The core gives no package an advantage: ours are found as anybody's are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import EntryPoint
from typing import Any

from cltk.distributions import providers, scan
from cltk.errors import ConfigError, Fault, PluginError, closest
from cltk.extras import bringer, explain_missing
from cltk.kinds import KINDS
from cltk.names import canonical, canonical_choice

__all__ = [
    "OWN_COMMANDS",
    "Plugin",
    "default_names",
    "find",
    "forget",
    "installed",
    "load",
    "plugin_of",
    "refusal",
    "require_known",
    "reserved",
    "settings_of",
    "shortest_name",
    "state",
    "unowned",
]

_TARGET = re.compile(r"[\w.]+:[\w.]+")

DEFAULTS = "cltk.defaults"
"""The group in which a distribution may offer its components for use where the user names none."""

OWN_COMMANDS = (
    *("cite", "run", "schema"),
    *("data", "data.fetch", "data.list"),
    *("plugins", "plugins.check", "plugins.doctor", "plugins.list", "plugins.new", "plugins.show"),
    *("runs", "runs.list", "runs.rm", "runs.show"),
)
"""The core's own commands, which no plugin can replace; those of a group with the group's name in front."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin as its distribution's metadata describes it; the distribution's name is canonical."""

    kind: str
    name: str
    target: str
    distribution: str
    version: str
    requires: tuple[str, ...]

    @property
    def qualified(self) -> str:
        """The name that is unique even where two distributions offer the same one."""
        return f"{self.distribution}:{self.name}"

    def is_called(self, name: str) -> bool:
        """Whether a name is the plugin's, be it qualified or not."""
        return canonical_choice(name) in (self.name, self.qualified)

    @property
    def choice(self) -> str:
        """What to type to mean this plugin and no other."""
        return f"cltk {self.qualified}" if self.kind == "command" else f"--{self.kind} {self.qualified}"

    @property
    def row(self) -> dict[str, str]:
        """What tables say of it first."""
        return {"kind": self.kind, "name": self.name, "distribution": self.distribution, "version": self.version}

    @property
    def provider(self) -> str:
        """Distribution and version, as records keep it."""
        return f"{self.distribution} {self.version}"


@cache
def installed(kind: str) -> tuple[Plugin, ...]:
    """All plugins of a kind, by name; importing nothing."""
    plugins = {
        (point.name, provider.name): Plugin(
            kind, point.name, point.value, provider.name, provider.version, provider.requires
        )
        for provider in providers()
        for point in provider.entry_points
        if point.group == KINDS[kind].group
    }
    return tuple(plugin for _, plugin in sorted(plugins.items()))


def forget() -> None:
    """Drops what was read of installed distributions, so that it is read anew; for whoever installs some meanwhile."""
    scan.cache_clear()
    installed.cache_clear()
    load.cache_clear()


def find(kind: str, name: str) -> Plugin:
    """The one plugin of that name, which may be qualified: ``distribution:name``.

    Raises:
        ConfigError: There is none, or several distributions offer one.
    """
    matches = [plugin for plugin in installed(kind) if plugin.is_called(name)]
    if not matches:
        raise ConfigError.of([_unknown(kind, name)])
    if len(matches) > 1:  # Where all are refused, none of them goes before the others.
        matches = [plugin for plugin in matches if not refusal(plugin)] or matches
    if len(matches) > 1:
        offers = " and ".join(plugin.provider for plugin in matches)
        choices = " or ".join(plugin.choice for plugin in matches)
        raise ConfigError(f"The {kind} '{name}' is offered by {offers}.", f"Say which: {choices}.")
    return matches[0]


def default_names(kind: str) -> Sequence[str]:
    """The plugins of a kind that an installed distribution offers as defaults, qualified where needed.

    An entry of the group ``cltk.defaults`` is named after a kind, or ``<kind>.<anything>`` where there are several; its
    value is that of the component's own entry, or a module that holds several.
    """
    values = [
        (point.value, provider.name)
        for provider in providers()
        for point in provider.entry_points
        if point.group == DEFAULTS and point.name.partition(".")[0] == kind
    ]
    chosen = [
        plugin
        for plugin in installed(kind)
        for value, distribution in values
        if plugin.distribution == distribution
        and (plugin.target == value or plugin.target.startswith((f"{value}.", f"{value}:")))
    ]
    return [shortest_name(plugin) for plugin in chosen]


def shortest_name(plugin: Plugin) -> str:
    """The name that finds the plugin: its own, or the qualified one where several distributions offer that."""
    names = [other.name for other in installed(plugin.kind)]
    return plugin.name if names.count(plugin.name) == 1 else plugin.qualified


def settings_of(plugin: Plugin, tables: Mapping[str, Any]) -> dict[str, Any]:
    """What the tables that are called after a plugin set, in whichever way; where two set a field, the last one."""
    settings: dict[str, Any] = {}
    for name, table in tables.items():
        if _is_called(plugin, name):
            settings |= table
    return settings


def require_known(kind: str, tables: Mapping[str, Any]) -> None:
    """Checks that each table of settings, by name, is one of a plugin of that kind.

    Raises:
        ConfigError: One is not.
    """
    for name in unowned(installed(kind), tables):
        raise ConfigError.of([replace(_unknown(kind, name), at=f"{kind}.{name}")])


def unowned(plugins: Collection[Plugin], tables: Iterable[str]) -> list[str]:
    """The tables of settings, by name, that set none of these plugins."""
    return [name for name in tables if not any(_is_called(plugin, name) for plugin in plugins)]


def _unknown(kind: str, name: str) -> Fault:
    """What to say where there is no plugin of that name."""
    names = {plugin.name for plugin in installed(kind)}
    advice = closest(name, names) if names else f"No {kind} is installed."
    return explain_missing(kind, name) or Fault(f"There is no {kind} '{name}'.", advice)


def _is_called(plugin: Plugin, name: str) -> bool:
    """Whether a table of settings is a plugin's: in files and options, dashes count as underscores."""
    plain = canonical_choice(name).replace("-", "_")
    return plain in (each.replace("-", "_") for each in (plugin.name, plugin.qualified))


@cache
def load(plugin: Plugin) -> Any:
    """Imports a plugin: a class that derives from the base of its kind, or a command's function.

    Raises:
        PluginError: Its distribution needs another version of the core, it cannot be imported, or is of another kind.
    """
    if unmet := _unmet_requirement(plugin):
        raise _broken(plugin, f"needs {unmet}")
    kind = KINDS[plugin.kind]
    try:
        loaded = EntryPoint(plugin.name, plugin.target, kind.group).load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        cause = f"{type(error).__name__}: {error}".rstrip(": ")
        raise _broken(plugin, f"cannot be imported: {cause}") from error
    if not kind.accepts(loaded):
        raise _broken(plugin, f"is not a {kind.expected} (found {plugin.target})")
    return loaded


def plugin_of(kind: str, cls: type[Any]) -> Plugin:
    """The component that a class is; only those are imported that may be it.

    Raises:
        PluginError: No installed distribution offers the class.
    """
    package, name = cls.__module__.partition(".")[0], cls.__qualname__
    for plugin in installed(kind):
        module, _, attribute = plugin.target.partition(":")
        if (module.partition(".")[0], attribute) == (package, name) and load(plugin) is cls:
            return plugin
    raise PluginError(
        f"{cls.__module__}.{name} is offered as a {kind} by no installed distribution.",
        f"Give it an entry point in the group {KINDS[kind].group}, and install its distribution anew.",
    )


def reserved(kind: str, name: str) -> str | None:
    """Why no plugin of a kind may have a name, in words; None where one may."""
    if kind == "command" and name in OWN_COMMANDS:
        return f"'cltk {name.replace('.', ' ')}' is a command of the core"
    return None


def refusal(plugin: Plugin) -> str | None:
    """Why a plugin cannot be used under its name, in words: it would replace a command of ours; None where it can."""
    if reason := reserved(plugin.kind, plugin.name):
        return reason
    owner = bringer(plugin.kind, plugin.name)
    if plugin.kind != "command" or owner in (None, plugin.distribution):
        return None
    is_there = any(other.is_called(f"{owner}:{plugin.name}") for other in installed(plugin.kind))
    return f"'cltk {plugin.name.replace('.', ' ')}' is a command of {owner}" if is_there else None


def state(plugin: Plugin) -> str:
    """What metadata alone says of a plugin: ``ready``, or what is wrong with it."""
    if reason := refusal(plugin):
        return f"refused: {reason}"
    unmet = _unmet_requirement(plugin)
    namesakes = [other for other in installed(plugin.kind) if other.name == plugin.name and other != plugin]
    others = [other for other in namesakes if not refusal(other)]
    if not _TARGET.fullmatch(plugin.target):
        return f"malformed entry point: '{plugin.target}' is not 'module:name'"
    if unmet:
        return f"needs {unmet}"
    if others:
        return f"name taken by {' and '.join(other.provider for other in others)} too: say {plugin.qualified}"
    return "ready"


def _broken(plugin: Plugin, what: str) -> PluginError:
    return PluginError(
        f"The {plugin.kind} '{plugin.name}' of {plugin.provider} {what}.",
        f"Repair or remove it (pip uninstall {plugin.distribution}), or choose another {plugin.kind}: "
        "see 'cltk plugins list'.",
    )


def _unmet_requirement(plugin: Plugin) -> str | None:
    """The version of the core that the plugin asks for, where it is not the one that runs."""
    return next(filter(None, map(_unmet, plugin.requires)), None)


@cache
def _unmet(requirement: str) -> str | None:
    if not canonical(requirement).startswith("cltk-core"):
        return None
    from packaging.requirements import InvalidRequirement, Requirement

    from cltk import __version__

    try:
        parsed = Requirement(requirement)
    except InvalidRequirement:
        return f"'{requirement}', which is not a valid requirement"
    applies = parsed.marker is None or parsed.marker.evaluate({"extra": ""})
    if canonical(parsed.name) != "cltk-core" or not applies:
        return None
    if parsed.specifier.contains(__version__, prereleases=True):
        return None
    return f"cltk-core{parsed.specifier}, but this is cltk-core {__version__}"
