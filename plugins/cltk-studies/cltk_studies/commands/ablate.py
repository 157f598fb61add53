"""``cltk ablate``: every cell of a grid, with every seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.components import Components, read_overrides
from cltk.cli.groups import with_groups
from cltk.cli.options import Name, OutputOptions, Seeds, SinkOptions
from cltk.cli.overrides import takes_experiment
from cltk.cli.usage import faults_of
from cltk_studies.commands.complete import axes
from cltk_studies.commands.options import ConductOptions, Objective, SiteOptions, StudyMachineOptions

__all__ = ["ablate"]


@takes_experiment
@with_groups
def ablate(
    ctx: typer.Context,
    *,
    file: Annotated[
        Path | None, typer.Argument(help="An experiment, as a TOML file; with a table [ablate], or with --axis.")
    ] = None,
    axis: Annotated[
        list[str] | None,
        typer.Option(
            help="A field or slot and its values: generator.latent_dim=2,20; repeat it for a grid.",
            autocompletion=axes,
        ),
    ] = None,
    objective: Objective = None,
    seeds: Seeds = None,
    name: Name = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and its cost, and stop.")] = False,
    components: Components,
    site: SiteOptions,
    conduct: ConductOptions,
    machine: StudyMachineOptions,
    sinks: SinkOptions,
    output: OutputOptions,
) -> None:
    """Run every cell of a study with every seed, and compare them.

    The table [ablate] names what is varied, and so does --axis, with a file or without. What is finished is not run
    again: call it again after an interruption, however it came about. Components and fields that are given as options
    hold in all cells.
    """
    from cltk_studies.commands.results import conclude_ablation
    from cltk_studies.commands.study_progress import StudyProgress, print_plan
    from cltk_studies.questions.files import axes_of, split_ablation

    faults = faults_of(ctx)
    overrides = read_overrides(ctx, file, components.overrides, sinks.overrides, faults=faults)
    options: dict[str, Any] = {"objective": objective, "seeds": seeds, "name": name}
    if axis:
        options["axes"] = axes_of(axis, faults)
    ablation, base = split_ablation(overrides, options, faults)
    study = conduct.at(site.site(machine, overrides, faults)).ablation(ablation, base, faults)
    if dry_run:
        print_plan(study, json=output.json)
        raise typer.Exit
    raise typer.Exit(conclude_ablation(study.run(StudyProgress(quiet=output.silent)), site, json=output.json))


ablate.table = "cltk_studies.questions.grid:Ablation"  # type: ignore[attr-defined]
