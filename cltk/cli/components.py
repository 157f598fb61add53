"""Options that choose the components of an experiment, and the experiment that comes of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.complete import plugin_names
from cltk.kinds import KINDS, SLOTS

__all__ = ["Components", "read_overrides"]


@dataclass(frozen=True)
class _Components:
    @property
    def overrides(self) -> dict[str, Any]:
        """The fields of an experiment that name a component, where one was given."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        metrics = named.pop("metric", None)
        return {slot: name for slot, name in {**named, "metrics": metrics or None}.items() if name is not None}


def _option(kind: str, **more: Any) -> Any:
    return typer.Option(autocompletion=plugin_names(kind), rich_help_panel="Components", **more)


if TYPE_CHECKING:
    from cltk.errors import Faults

    Components = _Components
else:
    Components = make_dataclass(
        "Components",
        [
            *(
                (
                    slot,
                    Annotated[
                        str | None,
                        _option(
                            slot,
                            help=f"The {slot}, by name: {KINDS[slot].purpose}. Its fields: --{slot}.<field> <value>.",
                            envvar=f"CLTK_{slot.upper()}",
                        ),
                    ],
                    None,
                )
                for slot in SLOTS
            ),
            (
                "metric",
                Annotated[
                    list[str] | None,
                    _option(
                        "metric",
                        help="A metric to compute; repeat it for more. By default, all that are offered as such. "
                        "Its fields: --metric.<name>.<field> <value>.",
                    ),
                ],
                None,
            ),
        ],
        bases=(_Components,),
        frozen=True,
    )


def read_overrides(
    ctx: typer.Context, file: Path | None, *given: Mapping[str, Any], faults: Faults | None = None
) -> dict[str, Any]:
    """Lays the four layers over each other: defaults, file, environment, command line.

    Args:
        ctx: Of a command that takes the fields of components as options.
        file: The file, if one was given.
        given: What options set, such as ``Components.overrides``; entries that are None count as not given.
        faults: Takes what is wrong with variables and with fields of metrics; None to raise it.

    Raises:
        ConfigError: The file cannot be read, a variable is misspelt, or a field is set of a metric that is not asked
            for.
    """
    from cltk.cli.overrides import overrides_of
    from cltk.errors import Faults
    from cltk.layers import combine, environment_overrides, overlay, read_toml

    named = [{name: value for name, value in overrides.items() if value is not None} for overrides in given]
    wrong = Faults() if faults is None else faults
    layers = [read_toml(file)] if file else []
    whole = overlay([*layers, environment_overrides(os.environ, wrong), combine([*named, overrides_of(ctx)])])
    settings = whole.pop("metric", None)
    with wrong.further():
        whole = _with_metric_settings(whole, settings)
    if faults is None:
        wrong.settle()
    return whole


def _with_metric_settings(rest: dict[str, Any], settings: Any) -> dict[str, Any]:
    """Puts the fields of metrics, which options set by the metric's name, with the metrics that they belong to."""
    from cltk.errors import ConfigError, closest
    from cltk.registry import default_names

    if settings is None:
        return rest
    if not isinstance(settings, dict):
        raise ConfigError(
            f"'metric' is {settings!r}, expected a table with one entry per metric.", 'Write metrics = ["..."].'
        )
    chosen = rest.get("metrics") or default_names("metric")
    if not isinstance(chosen, list | tuple) or not all(isinstance(metric, str | dict) for metric in chosen):
        return rest  # What is wrong with it is said where experiments are checked.
    metrics = [{"name": metric} if isinstance(metric, str) else dict(metric) for metric in chosen]
    by_name = {str(metric.get("name")).replace("-", "_"): metric for metric in metrics}
    for name, fields_of_metric in settings.items():
        if name not in by_name or not isinstance(fields_of_metric, dict):
            asked = [str(metric.get("name")) for metric in metrics]
            raise ConfigError(
                f"A field of the metric '{name.replace('_', '-')}' is set, which is not asked for.",
                f"Add --metric, and write --metric.<name>.<field>. {closest(name.replace('_', '-'), asked)}",
            )
        by_name[name] |= fields_of_metric
    return rest | {"metrics": metrics}
