"""``cltk run``: an experiment, from its file and the command line to its record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.console import print_json, show_notice
from cltk.cli.machine import machine_of
from cltk.cli.options import RUNS, DataDir, Device, Json, Precision, Quiet, Seeds, Store, Threads, TrackingUri
from cltk.cli.overrides import OverridesCommand, overrides_of
from cltk.cli.repeat import repeat
from cltk.cli.slots import (
    Classifier,
    Generator,
    Metric,
    Scenario,
    Schedule,
    Strategy,
    chosen_components,
    given,
    layer_of,
)

if TYPE_CHECKING:
    from cltk.build import Prepared

__all__ = ["RunCommand", "run"]


class RunCommand(OverridesCommand):
    """Takes the fields of components as options."""


def run(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An experiment, as a TOML file.")] = None,
    scenario: Scenario = None,
    strategy: Strategy = None,
    generator: Generator = None,
    classifier: Classifier = None,
    schedule: Schedule = None,
    metric: Metric = None,
    seeds: Seeds = None,
    name: Annotated[str | None, typer.Option(help="What results are filed under.", envvar="CLTK_NAME")] = None,
    device: Device = "auto",
    threads: Threads = None,
    precision: Precision = "fp32",
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
    quiet: Quiet = False,
) -> None:
    """Run an experiment, record it, and print its result.

    Without a file: deep generative replay on Split MNIST. Any field of a component is an option of its own:
    --generator.latent-dim 50, --schedule.samples 2000, --strategy.replay.refresh task.
    """
    from cltk.build import prepare
    from cltk.cli.progress import Progress
    from cltk.cli.result import print_failures, print_result
    from cltk.config import Experiment, check
    from cltk.runs.seeds import run_seeds

    if from_run is not None:
        _refuse_others(ctx, file)
        raise typer.Exit(repeat(from_run, store, data_dir, json, quiet))
    layer = _without_studies(layer_of(ctx, file, seeds=seeds, name=name), file)
    experiment = check(Experiment, layer, f"'{file}'" if file else "the experiment")
    prepared = prepare(experiment, machine_of(device, threads, precision, data_dir))
    for notice in prepared.notices:
        show_notice(notice)
    go_on = _goes_on(prepared, store) if resume is None else resume
    with Progress(len(experiment.seeds), quiet=quiet or json) as progress:
        outcome = run_seeds(prepared, store, tracking_uri, [progress], go_on, checkpoint_every)
    if json:
        print_json(outcome.to_dict())
    else:
        print_result(outcome)
    print_failures(outcome)
    for notice in outcome.notices:
        show_notice(notice)
    raise typer.Exit(outcome.exit_status)


def _without_studies(layer: dict[str, Any], file: Path | None) -> dict[str, Any]:
    """The experiment without the table of ``cltk tune``, which leaves it as it is; one of many cells is refused."""
    from cltk.errors import ConfigError

    if "ablate" in layer:
        raise ConfigError(f"'{file}' is a study of several experiments.", f"Run all of them: cltk ablate {file}")
    return {key: value for key, value in layer.items() if key != "tune"}


def _refuse_others(ctx: typer.Context, file: Path | None) -> None:
    from cltk.errors import ConfigError

    options = given(seeds=ctx.params["seeds"], name=ctx.params["name"]) | chosen_components(ctx) | overrides_of(ctx)
    others = [*([str(file)] if file else []), *(f"--{name}" for name in options)]
    if others:
        raise ConfigError(
            f"--from-run repeats a run as it was recorded, without {', '.join(others)}.", "Leave that out."
        )


def _goes_on(prepared: Prepared, store: Path) -> bool:
    """Whether to go on with runs that were cut off: asks a person, and otherwise does, as the result is the same."""
    from cltk.runs.runner import unfinished

    behind = {seed: where for seed in prepared.experiment.seeds if (where := unfinished(prepared, seed, store))}
    if not behind:
        return False
    runs = ", ".join(f"seed {seed} {where}" for seed, where in behind.items())
    if sys.stdin.isatty():
        return typer.confirm(f"This experiment was cut off ({runs}). Go on from there?", default=True, err=True)
    show_notice(f"Going on with the run that was cut off: {runs}. To begin anew, add --restart.")
    return True
