"""Commands of plugins beside the core's own: found by their entry points, imported when they are called."""

from __future__ import annotations

import ast
import importlib.machinery
from functools import cached_property
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from cltk.errors import ConfigError, PluginError
from cltk.registry import Plugin, find, installed, load

__all__ = ["PluginCommands", "first_line"]

_ELSEWHERE = {"cltk-mlflow": ("sync", "ui"), "cltk-studies": ("ablate", "report", "tune", "worker")}
"""Distributions of this project whose commands people know, and may miss."""


class PluginCommands(TyperGroup):
    """A group that has the commands of plugins beside its own, which a plugin cannot replace."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, in order."""
        return sorted({*self.commands, *self._plugins})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; one of a plugin is imported, but not where only its line in the help is needed.

        Raises:
            ConfigError: It comes with a distribution that is not installed, or two distributions offer it.
            PluginError: It cannot be imported.
        """
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        if ctx.resilient_parsing or cmd_name not in self._plugins:
            return self._stub(cmd_name) if cmd_name in self._plugins else self._missing(cmd_name)
        return _made(find("command", cmd_name))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes a line a command; nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._line(name)) for name in self.list_commands(ctx)])

    @cached_property
    def _plugins(self) -> dict[str, Plugin]:
        return {plugin.name: plugin for plugin in installed("command") if plugin.name not in self.commands}

    def _line(self, name: str) -> str:
        if name in self.commands:
            return str(self.commands[name].get_short_help_str(limit=200))
        return first_line(self._plugins[name].target) or f"From {self._plugins[name].provider}."

    def _stub(self, name: str) -> Any:
        """A command of that name without its options."""

        def command() -> None: ...

        command.__doc__ = self._line(name)
        return _command(name, command)

    def _missing(self, name: str) -> None:
        for distribution, commands in _ELSEWHERE.items():
            if name in commands:
                raise ConfigError(
                    f"The command 'cltk {name}' comes with {distribution}, which is not installed.",
                    f"Install it: pip install {distribution}",
                )


def first_line(target: str) -> str:
    """The first line of a function's docstring, read from its source: nothing is imported.

    Args:
        target: ``module:function``.

    Returns:
        The line; empty where there is no source, no such function, or no docstring.
    """
    module, _, name = target.partition(":")
    try:
        path: Any = None
        spec: importlib.machinery.ModuleSpec | None = None
        parts = module.split(".")
        for count in range(1, len(parts) + 1):
            spec = importlib.machinery.PathFinder.find_spec(".".join(parts[:count]), path)
            path = spec.submodule_search_locations if spec else []
        source = Path(str(spec.origin if spec else "")).read_text(encoding="utf-8")
        body = ast.parse(source).body
    except (OSError, SyntaxError, ValueError, ImportError):
        return ""
    function = next((node for node in body if isinstance(node, ast.FunctionDef) and node.name == name), None)
    return ((function and ast.get_docstring(function)) or "").partition("\n")[0]


def _made(plugin: Plugin) -> Any:
    """The command that a plugin offers.

    Raises:
        PluginError: It cannot be imported, or Typer cannot make a command of it.
    """
    function = load(plugin)
    try:
        return _command(plugin.name, function)
    except Exception as error:
        raise PluginError(
            f"The command '{plugin.name}' of {plugin.provider} cannot be made: {type(error).__name__}: {error}",
            f"Repair or remove it: pip uninstall {plugin.distribution}",
        ) from error


def _command(name: str, function: Any) -> Any:
    from typer.main import get_command

    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=getattr(function, "command_class", None))(function)
    return get_command(app)
