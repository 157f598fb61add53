"""``cltk run --from-run``: a recorded run once more, beside its record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cltk.cli.console import print_json, show_notice
from cltk.cli.options import OutputOptions
from cltk.cli.overrides import overrides_of
from cltk.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cltk.runs.repeat import Comparison, Difference

__all__ = ["refuse_others", "repeat"]

SHOWN = 10
"""Differences that are printed."""

HONOURED = ("from_run", "store", "data_dir", "json", "quiet")
"""Parameters of ``cltk run`` that are of use for a repeated run."""

SINKS = ("sink", "tracking_uri")
"""Parameters that name sinks."""


def refuse_others(ctx: typer.Context) -> None:
    """Refuses what would make another run of the one that is repeated.

    Variables that name sinks are left alone: nobody is told of a repeated run.

    Raises:
        ConfigError: There is an option, an argument or a variable that a repeated run has no use for.
    """
    others = [name for parameter in ctx.command.params if (name := _name_given(ctx, parameter))]
    others += [f"--{kind}" for kind in overrides_of(ctx)]
    others += [name for name, text in sorted(os.environ.items()) if name.startswith("CLTK_") and "__" in name and text]
    if others:
        raise ConfigError(
            f"--from-run repeats a run as it was recorded, without {', '.join(others)}.",
            "Leave that out, or run the 'experiment.toml' in the run's folder.",
        )


def _name_given(ctx: typer.Context, parameter: Any) -> str | None:
    """What a parameter was given by, None where it was not given or is of use."""
    source = ctx.get_parameter_source(parameter.name)
    match source.name if source and parameter.name not in HONOURED else None:
        case "COMMANDLINE" if parameter.param_type_name == "argument":
            return str(ctx.params[parameter.name])
        case "COMMANDLINE":
            return "/".join([*parameter.opts[:1], *parameter.secondary_opts])
        case "ENVIRONMENT" if parameter.name not in SINKS:
            return str(parameter.envvar)
    return None


def repeat(run_id: str, store: Path, data_dir: Path | None, output: OutputOptions) -> int:
    """Repeats a run as it was recorded, in the folder ``repeats`` of its store, prints what differs in the result.

    Returns:
        The exit status: 1 where the result differs.

    Raises:
        StoreError: The folder cannot be written, or another process is repeating the run.
    """
    from cltk.build import prepare
    from cltk.display.progress import Progress
    from cltk.machine import Machine
    from cltk.runs.claim import claimed
    from cltk.runs.reading import find_record
    from cltk.runs.recorder import run_id as id_of
    from cltk.runs.repeat import compare, experiment_of
    from cltk.runs.runner import execute
    from cltk.runs.sinks import make_sinks

    recorded = find_record(store, run_id)
    machine = Machine(recorded.device, recorded.threads, recorded.precision, data_dir)
    prepared = prepare(experiment_of(recorded), machine)
    for notice in prepared.notices:
        show_notice(notice)
    folder = store / "repeats"
    with claimed([folder / id_of(prepared, recorded.seed)]), Progress(1, quiet=output.silent) as progress:
        repeated = execute(prepared, recorded.seed, folder, make_sinks((), {}, store, [progress]))
    comparison = compare(recorded, repeated)
    if output.json:
        print_json(comparison.to_dict())
    else:
        _print(comparison)
    return 0 if comparison.identical else 1


def _print(comparison: Comparison) -> None:
    _list("The circumstances differ", comparison.circumstances)
    _list("The result differs", comparison.results)
    if comparison.identical:
        print(f"The result of '{comparison.run_id}' is the same again, to the last digit.")


def _list(title: str, differences: Iterable[Difference]) -> None:
    lines = [f"  {d.name}: {d.recorded} in the record, {d.repeated} now" for d in differences]
    if lines:
        more = [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
        print("\n".join([f"{title}:", *lines[:SHOWN], *more]))
