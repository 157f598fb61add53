"""The launcher that was chosen, by name or as the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cltk.config import check
from cltk.errors import ConfigError, under
from cltk.interfaces import Launcher
from cltk.registry import Plugin, default_names, find, installed, load, require_known, settings_of

__all__ = ["ChosenLauncher"]


@dataclass(frozen=True, slots=True)
class ChosenLauncher:
    """A launcher, not made yet: that takes the folder of a study.

    Attributes:
        name: Its name; None for the one that is offered as the default.
        settings: What launchers are set to, by name.
    """

    name: str | None = None
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

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
        settings = dict(settings_of(plugin, self.settings))
        with under(f"launcher.{plugin.name.replace('-', '_')}"):
            config = check(cls.Config, settings, f"launcher '{plugin.name}'")
        launcher: Launcher = cls(config, folder)
        return launcher
