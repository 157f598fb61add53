"""Options that choose the components of an experiment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.complete import plugin_names

__all__ = [
    "Classifier",
    "Generator",
    "Metric",
    "Scenario",
    "Schedule",
    "Strategy",
    "chosen_components",
    "given",
    "layer_of",
]


def _slot(kind: str) -> Any:
    return typer.Option(
        help=f"The {kind}, by name. Its fields: --{kind}.<field> <value>.",
        envvar=f"CLTK_{kind.upper()}",
        autocompletion=plugin_names(kind),
        rich_help_panel="Components",
    )


Scenario = Annotated[str | None, _slot("scenario")]
Strategy = Annotated[str | None, _slot("strategy")]
Generator = Annotated[str | None, _slot("generator")]
Classifier = Annotated[str | None, _slot("classifier")]
Schedule = Annotated[str | None, _slot("schedule")]
Metric = Annotated[
    list[str] | None,
    typer.Option(
        help="A metric to compute; repeat it for more. By default, all that are offered as defaults.",
        autocompletion=plugin_names("metric"),
        rich_help_panel="Components",
    ),
]


def layer_of(ctx: typer.Context, file: Path | None, **fields: Any) -> dict[str, Any]:
    """Lays the four layers over each other: defaults, file, environment, command line.

    Args:
        ctx: Of a command with the options above, each under its name in lower case.
        file: The file, if one was given.
        fields: Further fields that the command line sets, where they are not None.
    """
    from cltk.cli.overrides import overrides_of
    from cltk.config import combine, environment_overrides, overlay, read_toml

    layers = [read_toml(file)] if file else []
    own = combine([chosen_components(ctx) | given(**fields), overrides_of(ctx)])
    return overlay([*layers, environment_overrides(os.environ), own])


def chosen_components(ctx: typer.Context) -> dict[str, Any]:
    """The components that were named on the command line, by field of an experiment."""
    slots = {slot: ctx.params[slot] for slot in ("scenario", "strategy", "generator", "classifier", "schedule")}
    return given(**slots, metrics=ctx.params["metric"] or None)


def given(**fields: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
