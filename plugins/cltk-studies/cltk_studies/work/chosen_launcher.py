"""The launcher that was chosen, by name or as the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cltk.config import check
from cltk.errors import ConfigError
from cltk.interfaces import Launcher
from cltk.registry import Plugin, default_names, find, installed, load, require_known, settings_of, unowned

__all__ = ["ChosenLauncher"]


@dataclass(frozen=True, slots=True)
class ChosenLauncher:
    """A launcher, not made yet: that takes the folder of a study.

    Attributes:
        name: Its name; None for the one that is offered as the default.
        settings: What launchers are set to, by name.
        own: What the chosen one is set to, whichever that is.
    """

    name: str | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str | None, table: Mapping[str, Any]) -> ChosenLauncher:
        """What a table ``[launcher]`` says, with tables for launchers by name in it.

        Args:
            name: The launcher that is named elsewhere, which goes before what the table says; None for none.
            table: The table.
        """
        settings = {key: value for key, value in table.items() if isinstance(value, Mapping)}
        own = {key: value for key, value in table.items() if key not in settings}
        named = own.pop("name", None)
        return cls(name or named, settings, own)

    @property
    def plugin(self) -> Plugin:
        """Where it comes from.

        Raises:
            ConfigError: There is none of that name, or no single default.
        """
        if self.name is not None:
            return find("launcher", self.name)
        names = default_names("launcher")
        if len(names) != 1:
            raise ConfigError(
                f"No launcher was named, and {len(names)} are offered as defaults.",
                "Name one with --launcher: see 'cltk plugins list'.",
            )
        return find("launcher", names[0])

    @property
    def notices(self) -> list[str]:
        """Which other launchers are set to something.

        Raises:
            ConfigError: There is no such launcher.
        """
        others = unowned((self.plugin,), self.settings) if self.settings else ()
        return [
            f"The launcher '{name}' is set to something, but it is not used: choose it with --launcher {name}."
            for name in others
        ]

    def check(self) -> None:
        """Checks names and settings, also of launchers that are set to something and not used.

        Raises:
            ConfigError: There is no such launcher, or no such field.
        """
        require_known("launcher", self.settings)
        if self.name is not None or installed("launcher"):
            self.make(Path())

    def make(self, folder: Path) -> Launcher:
        """Makes it.

        Args:
            folder: Of the study, where its logs may go.

        Raises:
            ConfigError: There is no such launcher, or it cannot be set so.
            PluginError: It cannot be imported.
        """
        plugin = self.plugin
        cls = load(plugin)
        settings = {**settings_of(plugin, self.settings), **self.own}
        try:
            config = check(cls.Config, settings, f"launcher '{plugin.name}'")
        except ConfigError as error:
            faults = (replace(fault, at=f"{self._table_of(fault.at, plugin)}.{fault.at}") for fault in error.faults)
            raise ConfigError.of(faults) from error.__cause__
        launcher: Launcher = cls(config, folder)
        return launcher

    def _table_of(self, path: str, plugin: Plugin) -> str:
        """The table that sets a field of the launcher."""
        is_own = path.partition(".")[0] in self.own
        return "launcher" if is_own else f"launcher.{plugin.name.replace('-', '_')}"
