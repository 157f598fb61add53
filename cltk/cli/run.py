"""``cltk run``: an experiment, from its file and the command line to its record."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.complete import component_names
from cltk.cli.console import print_json, show_notice
from cltk.cli.options import RUNS, DataDir, Json, Store, TrackingUri
from cltk.cli.overrides import OverridesCommand, overrides_of
from cltk.cli.repeat import repeat

if TYPE_CHECKING:
    from cltk.build import Bench
    from cltk.config import Experiment

__all__ = ["RunCommand", "run"]


class RunCommand(OverridesCommand):
    """Takes the fields of components as options."""


def _slot(kind: str) -> Any:
    return typer.Option(
        help=f"The {kind}, by name. Its fields: --{kind}.<field> <value>.",
        envvar=f"CLTK_{kind.upper()}",
        autocompletion=component_names(kind),
        rich_help_panel="Components",
    )


def run(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An experiment, as a TOML file.")] = None,
    scenario: Annotated[str | None, _slot("scenario")] = None,
    strategy: Annotated[str | None, _slot("strategy")] = None,
    generator: Annotated[str | None, _slot("generator")] = None,
    classifier: Annotated[str | None, _slot("classifier")] = None,
    schedule: Annotated[str | None, _slot("schedule")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="A metric to compute; repeat it for more. By default, all that are offered as defaults.",
            autocompletion=component_names("metric"),
            rich_help_panel="Components",
        ),
    ] = None,
    seeds: Annotated[str | None, typer.Option(help="Such as 0, 0..4 or 1,5.", envvar="CLTK_SEEDS")] = None,
    name: Annotated[str | None, typer.Option(help="What results are filed under.", envvar="CLTK_NAME")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.", envvar="CLTK_DEVICE")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads; by default, what suits the networks.", envvar="CLTK_THREADS")
    ] = None,
    precision: Annotated[str, typer.Option(help="fp32 or bf16.", envvar="CLTK_PRECISION")] = "fp32",
    data_dir: DataDir = None,
    store: Store = RUNS,
    tracking_uri: TrackingUri = None,
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--restart", help="Go on with a run that was cut off, or begin anew; by default, ask or go on."
        ),
    ] = None,
    checkpoint_every: Annotated[
        float, typer.Option(min=0, help="Seconds between checkpoints within a task; 0: after every epoch.")
    ] = 60.0,
    from_run: Annotated[
        str | None, typer.Option(help="Repeat a recorded run, by its id, and compare; takes no other experiment.")
    ] = None,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Run an experiment, record it, and print its result.

    Without a file: deep generative replay on Split MNIST. Any field of a component is an option of its own:
    --generator.latent-dim 50, --schedule.samples 2000, --strategy.replay.refresh task.
    """
    from cltk.build import Machine, prepare
    from cltk.cli.result import print_failures, print_result
    from cltk.sinks.batch import run_seeds
    from cltk.sinks.progress import Progress

    chosen = {
        "scenario": scenario,
        "strategy": strategy,
        "generator": generator,
        "classifier": classifier,
        "schedule": schedule,
        "metrics": metric or None,
        "seeds": seeds,
        "name": name,
    }
    chosen = {key: value for key, value in chosen.items() if value is not None}
    overrides = overrides_of(ctx)
    if from_run is not None:
        _refuse_others(file, chosen, overrides)
        raise typer.Exit(repeat(from_run, store, data_dir, json, quiet))
    experiment = _experiment(file, chosen, overrides)
    bench = prepare(experiment, Machine(device, threads, _precision(precision), data_dir))
    for notice in bench.notices:
        show_notice(notice)
    go_on = _goes_on(bench, store) if resume is None else resume
    with Progress(len(experiment.seeds), quiet=quiet or json) as progress:
        outcome = run_seeds(bench, store, tracking_uri, [progress], go_on, checkpoint_every)
    if json:
        print_json(outcome.to_dict())
    else:
        print_result(outcome)
    print_failures(outcome)
    for notice in outcome.notices:
        show_notice(notice)
    raise typer.Exit(outcome.exit_status)


def _refuse_others(file: Path | None, chosen: dict[str, Any], overrides: dict[str, Any]) -> None:
    from cltk.errors import ConfigError

    given = [*([str(file)] if file else []), *(f"--{name}" for name in {**chosen, **overrides})]
    if given:
        raise ConfigError(
            f"--from-run repeats a run as it was recorded, without {', '.join(given)}.", "Leave that out."
        )


def _goes_on(bench: Bench, store: Path) -> bool:
    """Whether to go on with runs that were cut off: asks a person, and otherwise does, as the result is the same."""
    from cltk.sinks.session import unfinished

    behind = {seed: where for seed in bench.experiment.seeds if (where := unfinished(bench, seed, store))}
    if not behind:
        return False
    runs = ", ".join(f"seed {seed} {where}" for seed, where in behind.items())
    if sys.stdin.isatty():
        return typer.confirm(f"This experiment was cut off ({runs}). Go on from there?", default=True, err=True)
    show_notice(f"Going on with the run that was cut off: {runs}. To begin anew, add --restart.")
    return True


def _experiment(file: Path | None, chosen: dict[str, Any], overrides: dict[str, Any]) -> Experiment:
    """Lays the four layers over each other: defaults, file, environment, command line."""
    from cltk.config import Experiment, check, environment_layer, gather, merge, read_toml

    layers = [read_toml(file)] if file else []
    layers += [environment_layer(os.environ), gather([chosen, overrides])]
    return check(Experiment, merge(layers), f"'{file}'" if file else "the experiment")


def _precision(name: str) -> Any:
    from cltk.errors import ConfigError, closest

    if name not in ("fp32", "bf16"):
        raise ConfigError(f"There is no precision '{name}'.", closest(name, ("fp32", "bf16")))
    return name
