"""Options that choose the components of an experiment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.complete import component_names

__all__ = ["Classifier", "Generator", "Metric", "Scenario", "Schedule", "Strategy", "layer_of"]


def _slot(kind: str) -> Any:
    return typer.Option(
        help=f"The {kind}, by name. Its fields: --{kind}.<field> <value>.",
        envvar=f"CLTK_{kind.upper()}",
        autocompletion=component_names(kind),
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
        autocompletion=component_names("metric"),
        rich_help_panel="Components",
    ),
]


def layer_of(ctx: typer.Context, file: Path | None, chosen: dict[str, Any]) -> dict[str, Any]:
    """Lays the four layers over each other: defaults, file, environment, command line."""
    from cltk.cli.overrides import overrides_of
    from cltk.config import environment_layer, gather, merge, read_toml

    given = {key: value for key, value in chosen.items() if value is not None}
    layers = [read_toml(file)] if file else []
    return merge([*layers, environment_layer(os.environ), gather([given, overrides_of(ctx)])])
