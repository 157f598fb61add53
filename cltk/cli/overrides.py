"""Options such as ``--generator.latent-dim 50``, which are not known until the component is."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, TypeVar

import typer

from cltk.cli.fields import completed_options, described_options
from cltk.cli.usage import Command, faults_of
from cltk.errors import ConfigError, Fault, Faults
from cltk.kinds import KINDS
from cltk.places import Places

__all__ = ["ExperimentCommand", "OverridesCommand", "overrides_of", "takes_components", "takes_experiment", "words_of"]

F = TypeVar("F", bound=Callable[..., Any])

_ARGS = f"{__name__}.args"
_OPTION = re.compile(rf"--(?P<path>(?:{'|'.join(KINDS)})(?:\.[A-Za-z0-9_-]+)+)(?:=(?P<value>.*))?", re.DOTALL)


class OverridesCommand(Command):
    """A command that takes the fields of components as options, beside its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes the fields out before the rest is parsed, so that every other unknown option is still refused."""
        ctx.meta[_ARGS] = tuple(args)
        if ctx.resilient_parsing:  # The shell completes: fields are options like any other.
            return super().parse_args(ctx, args)
        rest, ctx.meta[__name__] = _split(args, faults_of(ctx))
        return super().parse_args(ctx, rest)

    def invoke(self, ctx: Any) -> Any:
        """Calls the command, and says where what is wrong with an experiment was given: the file, a variable, here."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            every = ConfigError.of([*faults_of(ctx).all, *error.faults])
            raise Places(ctx.params.get("file"), os.environ, ctx.meta[_ARGS]).tell(every) from error

    def option_names(self, ctx: Any) -> list[str]:
        """What may be typed as an option, fields of the components that take part among them."""
        fields = (name for option in completed_options(ctx.meta[_ARGS]) for name in option.opts)
        return [*super().option_names(ctx), *fields]

    def get_params(self, ctx: Any) -> list[Any]:
        """The options of the command; while the shell completes, the fields of components too."""
        params = super().get_params(ctx)
        return [*params, *completed_options(ctx.meta[_ARGS])] if ctx.resilient_parsing else params

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes the options, and the fields of the components that are named beside ``--help``."""
        super().format_options(ctx, formatter)
        if rows := described_options(ctx.meta[_ARGS]):
            with formatter.section("Fields of the components named"):
                formatter.write_dl(rows)


class ExperimentCommand(OverridesCommand):
    """A command that tells what is wrong with its options together with what is wrong with its experiment.

    It is called in any case: it begins with ``faults_of``, and settles them before it does anything.
    """

    settles_first = False


def takes_components(function: F) -> F:
    """Lets a command take the fields of components as options, such as ``--generator.latent-dim 50``."""
    function.command_class = OverridesCommand  # type: ignore[attr-defined]
    return function


def takes_experiment(function: F) -> F:
    """Lets a command take the fields of components as options, and makes an ``ExperimentCommand`` of it."""
    function.command_class = ExperimentCommand  # type: ignore[attr-defined]
    return function


def overrides_of(ctx: typer.Context) -> dict[str, Any]:
    """The layer of an experiment that the command line made."""
    layer: dict[str, Any] = ctx.meta.get(__name__, {})
    return layer


def words_of(ctx: typer.Context) -> tuple[str, ...]:
    """The command line of a command that takes the fields of components as options."""
    words: tuple[str, ...] = ctx.meta[_ARGS]
    return words


def _split(args: list[str], faults: Faults) -> tuple[list[str], dict[str, Any]]:
    from cltk.layers import combine, override_at, parse_value

    rest: list[str] = []
    settings = []
    remaining = iter(args)
    for arg in remaining:
        match = _OPTION.fullmatch(arg)
        if match is None:
            rest.append(arg)
            continue
        value = match["value"] if match["value"] is not None else next(remaining, None)
        if value is None:
            faults.all.append(Fault(f"The option '{arg}' needs a value.", f"For example: {arg} 50"))
        else:
            settings.append(override_at(match["path"], parse_value(value)))
    return rest, combine(settings)
