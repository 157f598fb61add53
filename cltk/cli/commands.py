"""Commands of plugins beside the core's own: found by their entry points, imported when they are called."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from cltk.cli.console import show_notice
from cltk.cli.source import first_line
from cltk.cli.usage import Command, FaultsAtOnce, faults_of
from cltk.errors import CltkError, ConfigError, Fault, PluginError, closest
from cltk.extras import explain_missing
from cltk.registry import Plugin, find, installed, load, refusal, state

__all__ = ["PluginCommands"]


class PluginCommands(FaultsAtOnce, TyperGroup):
    """A group that has the commands of plugins beside its own, which a plugin cannot replace.

    One that is called ``runs.export`` belongs to the group ``runs``; one without a dot to ``cltk`` itself.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, in order."""
        return sorted({*self.commands, *self._plugins})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command for lists of them: that of a plugin has its line in the help, but nothing is imported for it."""
        if cmd_name in self.commands or cmd_name not in self._plugins:
            return self.commands.get(cmd_name)
        return _stub(cmd_name, self._plugins[cmd_name])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is called, which is imported here if it is a plugin's.

        Where there is none of that name and one alone is near it, that one tells what is wrong with the words after it.

        Raises:
            ConfigError: There is none of that name, or two distributions offer one; what was wrong before is told, too.
            PluginError: It cannot be imported.
        """
        try:
            name, command = self._called(ctx, args[0])
        except CltkError:
            if ctx.resilient_parsing:  # The shell completes; it is no place for an error.
                return None, None, args[1:]
            raise
        if not isinstance(command, FaultsAtOnce):
            faults_of(ctx).settle()
        return name, command, args[1:]

    def is_value(self, word: str) -> bool:
        """Whether a word is the value of the option before it: it is neither an option nor meant as a command."""
        return super().is_value(word) and not self._near(word)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the first sentence of each command, whole."""
        lines = [(name, self.get_command(ctx, name).get_short_help_str(200)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    @cached_property
    def _plugins(self) -> dict[str, Plugin]:
        usable = [plugin for plugin in installed("command") if not refusal(plugin)]
        names = {plugin.name.removeprefix(self._prefix): plugin for plugin in usable}
        return {
            name: plugin for name, plugin in names.items() if plugin.name == self._prefix + name and "." not in name
        }

    @property
    def _prefix(self) -> str:
        return "" if self.name == "cltk" else f"{self.name}."

    def _called(self, ctx: Any, word: str) -> tuple[str, Any]:
        """The command of that name or, with a fault, the one that is near it."""
        faults = faults_of(ctx)
        with faults.further():
            _name_refused(self._prefix + word)
            if word in self.commands:
                return word, self.commands[word]
            if word in self._plugins or ":" in word:
                return word, _made(find("command", self._prefix + word))
            faults.all.append(self._missing(word))
            if len(near := self._near(word)) == 1:
                return self._called(ctx, near[0])
        raise ConfigError.of(faults.all)

    def _near(self, word: str) -> list[str]:
        return get_close_matches(word, {*self.commands, *self._plugins})

    def _missing(self, word: str) -> Fault:
        unknown = Fault(f"There is no command '{word}'.", closest(word, {*self.commands, *self._plugins}))
        return explain_missing("command", self._prefix + word) or unknown


def _name_refused(name: str) -> None:
    """Says which plugins have tried to replace a command of ours."""
    for plugin in installed("command"):
        if plugin.name == name and refusal(plugin):
            show_notice(f"The command '{name}' of {plugin.provider} is {state(plugin)}.")


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


def _stub(name: str, plugin: Plugin) -> Any:
    """A command without options, for lists."""

    def command() -> None: ...

    command.__doc__ = first_line(plugin.target) or f"From {plugin.provider}."
    return _command(name, command)


def _command(name: str, function: Any) -> Any:
    """Typer's command for a function, or for a ``typer.Typer`` that has several."""
    if isinstance(function, typer.Typer):
        return get_command(function)
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=getattr(function, "command_class", Command))(function)
    return get_command(app)
