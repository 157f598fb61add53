"""``cltk tune``: a search for the best configuration, such as the samples to replay at each task."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cltk.cli.components import Components, read_overrides
from cltk.cli.groups import with_groups
from cltk.cli.options import Name, OutputOptions, Seeds, SinkOptions
from cltk.cli.overrides import takes_experiment
from cltk.cli.usage import faults_of
from cltk_studies.commands.options import ConductOptions, Objective, SiteOptions, StudyMachineOptions

__all__ = ["tune"]


@takes_experiment
@with_groups
def tune(
    ctx: typer.Context,
    *,
    file: Annotated[Path | None, typer.Argument(help="An experiment, as a TOML file; a table [tune] is read.")] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Samples to replay over all tasks, in one epoch of each; spread them.")
    ] = None,
    pareto: Annotated[
        bool | None, typer.Option("--pareto", help="Search for accuracy against samples replayed.")
    ] = None,
    objective: Objective = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Configurations to try; 40 by default.")] = None,
    seeds: Seeds = None,
    test_seeds: Annotated[
        str | None, typer.Option(help="Seeds of the comparison on test data; by default, as many after --seeds.")
    ] = None,
    name: Name = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and its cost, and stop.")] = False,
    components: Components,
    site: SiteOptions,
    conduct: ConductOptions,
    machine: StudyMachineOptions,
    sinks: SinkOptions,
    output: OutputOptions,
) -> None:
    """Tune an experiment on validation data, and report the choice once on test data.

    With --budget N, every trial spreads N replayed samples over the tasks; with --pareto, the search is for the whole
    trade-off of accuracy and samples; without either, fields of components are tuned, which a table [tune.space] names.
    What is finished is not run again: call it again after an interruption, or with more --trials.
    """
    from cltk_studies.commands.results import conclude_search
    from cltk_studies.commands.study_progress import StudyProgress, print_plan
    from cltk_studies.questions.files import split_tuning

    faults = faults_of(ctx)
    overrides = read_overrides(ctx, file, components.overrides, sinks.overrides, faults=faults)
    options = {
        "budget": budget, "pareto": pareto, "objective": objective, "trials": trials,
        "seeds": seeds, "test_seeds": test_seeds, "name": name,
    }  # fmt: skip
    tuning, base = split_tuning(overrides, options, faults)
    study = conduct.at(site.site(machine, overrides, faults)).search(tuning, base, faults)
    if dry_run:
        print_plan(study, json=output.json)
        raise typer.Exit
    ending = study.run(StudyProgress(quiet=output.silent))
    raise typer.Exit(conclude_search(study.search, ending, site, json=output.json))


tune.table = "cltk_studies.questions.tuning:Tuning"  # type: ignore[attr-defined]
