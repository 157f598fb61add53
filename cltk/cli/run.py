"""``cltk run``: an experiment, from its file and the command line to its record."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cltk.cli.complete import run_ids
from cltk.cli.components import Components, read_overrides
from cltk.cli.console import noise_to_stderr, print_json, show_notice
from cltk.cli.groups import with_groups
from cltk.cli.options import RUNS, MachineOptions, Name, OutputOptions, Seeds, SinkOptions, Store
from cltk.cli.overrides import overrides_of, takes_experiment
from cltk.cli.repeat import refuse_others, repeat
from cltk.cli.usage import faults_of

if TYPE_CHECKING:
    from cltk.build import Prepared

__all__ = ["run"]


@takes_experiment
@with_groups
def run(
    ctx: typer.Context,
    *,
    file: Annotated[Path | None, typer.Argument(help="An experiment, as a TOML file; - for standard input.")] = None,
    seeds: Seeds = None,
    name: Name = None,
    store: Store = RUNS,
    resume: Annotated[
        bool | None,
        typer.Option(
            "--resume/--restart", help="Go on with a run that was cut off, or begin anew; by default, ask or go on."
        ),
    ] = None,
    checkpoint_every: Annotated[
        float, typer.Option(min=0, help="Seconds between checkpoints within a task; 0: after every epoch.")
    ] = 60.0,
    together: Annotated[
        bool, typer.Option("--together", help="Train the seeds side by side, as one model where they are alike.")
    ] = False,
    from_run: Annotated[
        str | None,
        typer.Option(
            help="Repeat a recorded run, by its id, and compare; takes no other experiment.", autocompletion=run_ids
        ),
    ] = None,
    print_config: Annotated[
        bool,
        typer.Option("--print-config", help="Print the experiment with every default as TOML, or as JSON, and stop."),
    ] = False,
    components: Components,
    machine: MachineOptions,
    sinks: SinkOptions,
    output: OutputOptions,
) -> None:
    """Run an experiment, record it, and print its result.

    Without a file: deep generative replay on Split MNIST. Any field of a component is an option of its own:
    --generator.latent-dim 50, --schedule fixed --schedule.samples 200, --strategy.replay.refresh task.
    """
    from cltk.build import prepare
    from cltk.cli.next_steps import next_steps
    from cltk.cli.result import print_failures, print_records
    from cltk.config import sound_part
    from cltk.display.progress import Progress
    from cltk.errors import Fault
    from cltk.experiment import Experiment
    from cltk.layers import STUDY_TABLES, without_studies
    from cltk.machine import device_of
    from cltk.resolve import resolve
    from cltk.runs.folder import config_toml
    from cltk.runs.seeds import run_seeds
    from cltk.runs.sinks import check_sinks, make_sinks

    faults = faults_of(ctx)
    if from_run is not None:
        with faults.further():
            refuse_others(ctx)
        faults.settle()
        raise typer.Exit(repeat(from_run, store, machine.data_dir, output))
    own = {"seeds": seeds, "name": name}
    overrides = read_overrides(ctx, file, own, components.overrides, sinks.overrides, faults=faults)
    if "launcher" in overrides_of(ctx):
        faults.all.append(Fault("'cltk run' starts no workers, but a launcher was set.", "Leave --launcher out."))
    layer = without_studies(overrides, file)
    experiment = Experiment.model_validate(sound_part(Experiment, layer, "the experiment", faults))
    with noise_to_stderr():
        with faults.further():
            device_of(machine.machine)
        with faults.further():
            check_sinks(experiment.sinks, experiment.sink)
        with faults.further():
            resolved = resolve(experiment)
    faults.settle()
    if print_config:
        if output.json:
            print_json(resolved.config)
        else:
            print(config_toml(resolved.config), end="")
        raise typer.Exit
    prepared = prepare(experiment, machine.machine)
    left_aside = [
        f"[{table}] is for studies: 'cltk run' leaves it aside." for table in STUDY_TABLES if table in overrides
    ]
    for notice in (*left_aside, *prepared.notices, *_earlier(prepared, store)):
        show_notice(notice)
    go_on = _goes_on(prepared, store) if resume is None else resume
    with Progress(len(experiment.seeds), quiet=output.silent) as progress:
        told = make_sinks(experiment.sinks, experiment.sink, store, [progress])
        ending = run_seeds(prepared, store, told, go_on, checkpoint_every, together=together)
    if output.json:
        print_json(ending.to_dict())
    else:
        print_records(ending.records, ending.summary, store, next_steps(ending.records, store), prepared.notices)
    print_failures(ending.records)
    for notice in ending.notices:
        show_notice(notice)
    raise typer.Exit(ending.exit_status)


def _earlier(prepared: Prepared, store: Path) -> list[str]:
    """Of the first seed with a run of the same experiment that this one does not go on from: which, and why."""
    from cltk.runs.earlier import describe_earlier

    described = (describe_earlier(prepared, seed, store) for seed in prepared.experiment.seeds)
    return list(filter(None, described))[:1]


def _goes_on(prepared: Prepared, store: Path) -> bool:
    """Whether to go on with what was begun before: asks a person, and otherwise does, as the result is the same.

    An experiment whose seeds are all finished is run anew.
    """
    from cltk.runs.runner import is_finished, unfinished

    seeds = prepared.experiment.seeds
    finished = sum(is_finished(prepared, seed, store) for seed in seeds)
    behind = [f"seed {seed} {where}" for seed in seeds if (where := unfinished(prepared, seed, store))]
    if not behind and finished in (0, len(seeds)):
        return False
    state = ", ".join([*([f"{finished} of {len(seeds)} seeds finished"] if finished else []), *behind])
    if sys.stdin.isatty():
        return typer.confirm(f"This experiment was begun before ({state}). Go on from there?", default=True, err=True)
    show_notice(f"Going on with what was begun before: {state}. To begin anew, add --restart.")
    return True
