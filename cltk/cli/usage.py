"""What is wrong with options and arguments: all of it at once, in words like those of every other fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand

from cltk.errors import Fault, Faults

__all__ = ["Command", "FaultsAtOnce", "UsageError", "fault_of_usage", "faults_of"]

UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""What Typer raises for options and arguments; it has no public name for it."""

_FAULTS = f"{__name__}.faults"
_WRONG = f"{__name__}.wrong"


class FaultsAtOnce:
    """Of a command or a group: it goes on after an option that is wrong, so that all of them are told at once."""

    params: list[Any]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses again without what was wrong, until nothing is; what was goes to ``faults_of``.

        Raises:
            UsageError: Something is wrong that cannot be left out; what was found before is in ``faults_of``.
        """
        parent: Any = super()
        left = list(args)
        while True:
            try:
                rest: list[str] = parent.parse_args(ctx, list(left))
                break
            except UsageError as error:
                if ctx.resilient_parsing:  # The shell completes; it is no place for an error.
                    raise
                left = self._without(ctx, left, error)
                faults_of(ctx).all.append(fault_of_usage(error, ctx, self.option_names(ctx)))
        for parameter in self._wrong(ctx):
            ctx.params[parameter.name] = parameter.default
        return rest

    def get_params(self, ctx: Any) -> list[Any]:
        """The options and arguments, without those whose values are known to be wrong."""
        parent: Any = super()
        return [parameter for parameter in parent.get_params(ctx) if parameter not in self._wrong(ctx)]

    def option_names(self, ctx: Any) -> list[str]:
        """What may be typed as an option."""
        return [name for parameter in self.params for name in parameter.opts if name.startswith("--")]

    def is_value(self, word: str) -> bool:
        """Whether a word is the value of the option before it, of which nothing is known."""
        return not word.startswith("-")

    def _wrong(self, ctx: Any) -> list[Any]:
        return [parameter for parameter in ctx.meta.get(_WRONG, ()) if parameter in self.params]

    def _without(self, ctx: Any, args: Sequence[str], error: Any) -> list[str]:
        """The command line without what an error is about; raises the error where that cannot be told apart."""
        if (parameter := getattr(error, "param", None)) is not None:
            ctx.meta.setdefault(_WRONG, []).append(parameter)
            return _cut(args, parameter.opts, lambda value: True)
        name = getattr(error, "option_name", None)
        left = [*args] if name is None else _cut(args, [name], self.is_value)
        if len(left) == len(args):
            raise error
        return left


class Command(FaultsAtOnce, TyperCommand):
    """A command that is not called where an option is wrong."""

    settles_first: ClassVar[bool] = True
    """Whether that is so, or it is called in any case and settles what is wrong itself."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses; what is more than the command takes is a fault like any other."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        ctx.allow_extra_args = True
        if extra := super().parse_args(ctx, args):
            advice = f"See what it takes: {ctx.command_path} --help"
            faults_of(ctx).all.append(Fault(f"'{' '.join(extra)}' is more than the command takes.", advice))
        return []

    def invoke(self, ctx: Any) -> Any:
        """Calls the command, unless an option is wrong.

        Raises:
            ConfigError: One is; it tells all of them.
        """
        if self.settles_first:
            faults_of(ctx).settle()
        return super().invoke(ctx)


def faults_of(ctx: Any) -> Faults:
    """What is wrong with the options of a command; a command that checks more adds to it."""
    faults: Faults = ctx.meta.setdefault(_FAULTS, Faults())
    return faults


def fault_of_usage(error: Any, ctx: Any = None, options: Sequence[str] = ()) -> Fault:
    """What Typer raised, as a fault.

    Args:
        error: A ``UsageError``.
        ctx: Of the command; None for that of the error.
        options: What the command has, to suggest some.
    """
    ctx = ctx or error.ctx
    help_of = f"See all options: {ctx.command_path if ctx else 'cltk'} --help"
    if (parameter := getattr(error, "param", None)) is not None:
        return _wrong_value(error, ctx, parameter)
    name = getattr(error, "option_name", None)
    if name is None:
        return Fault(error.format_message(), help_of)
    if known := [parameter for parameter in ctx.command.params if name in parameter.opts] if ctx else []:
        needed = "takes no value" if known[0].is_flag else "needs a value"
        return Fault(f"The option '{name}' {needed}.", known[0].help or help_of)
    fields = [option for option in options if option.endswith(f".{name.lstrip('-')}")]
    near = " or ".join(map(repr, fields or getattr(error, "possibilities", None) or ()))
    return Fault(f"There is no option '{name}'.", f"Did you mean {near}?" if near else help_of)


def _wrong_value(error: Any, ctx: Any, parameter: Any) -> Fault:
    """What is wrong with the value of an option or an argument, or that it is missing."""
    from pydantic import ValidationError

    from cltk.faults import reason_of

    if not error.message:
        return Fault(f"The {parameter.param_type_name} '{parameter.name}' is missing.", parameter.help or "")
    source = ctx.get_parameter_source(parameter.name)
    place, typed = parameter.opts[0], f"{parameter.opts[0]} "
    if source is not None and source.name == "ENVIRONMENT":
        place, typed = parameter.envvar, f"{parameter.envvar}="
    if not isinstance(error.__cause__, ValidationError):
        return Fault(f"{place}: {error.message}", parameter.help or "")
    problem: Any = error.__cause__.errors(include_url=False)[0]
    example = 1 if parameter.default is None else parameter.default
    return Fault(f"{place} is {problem['input']!r}{reason_of(problem)}.", f"For example: {typed}{example}")


def _cut(args: Sequence[str], names: Sequence[str], is_value: Callable[[str], bool]) -> list[str]:
    """The words without these options, and without what follows each where that is its value."""
    left: list[str] = []
    before = ""
    for word in args:
        if before in names and is_value(word):
            before = ""
            continue
        before = word
        if not any(_is_of(word, name) for name in names):
            left.append(word)
    return left


def _is_of(word: str, name: str) -> bool:
    """Whether a word gives an option: ``--name``, ``--name=value``, or ``-n`` among other letters."""
    if name.startswith("--"):
        return word.partition("=")[0] == name
    return word.startswith("-") and not word.startswith("--") and name[1:] in word
