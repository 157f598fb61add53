"""``cltk tune``: how many samples to replay at which task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.machine import machine_of
from cltk.cli.options import (
    RUNS,
    DataDir,
    Device,
    Json,
    Precision,
    Quiet,
    Seeds,
    Store,
    TrackingUri,
)
from cltk.cli.overrides import takes_components
from cltk.cli.slots import Classifier, Generator, Metric, Scenario, Schedule, Strategy, given, layer_of
from cltk_studies.commands.options import Storage, StudyDb, StudyThreads, Workers

if TYPE_CHECKING:
    from cltk_studies.questions.search import Tuning

__all__ = ["tune"]


@takes_components
def tune(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="An experiment, as a TOML file; a table [tune] is read.")] = None,
    budget: Annotated[
        int | None, typer.Option(min=1, help="Samples to replay over all tasks, in one epoch of each; spread them.")
    ] = None,
    pareto: Annotated[
        bool | None, typer.Option("--pareto", help="Search for accuracy against samples replayed.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=3, help="Configurations to try; 40 by default.")] = None,
    scenario: Scenario = None,
    strategy: Strategy = None,
    generator: Generator = None,
    classifier: Classifier = None,
    schedule: Schedule = None,
    metric: Metric = None,
    seeds: Seeds = None,
    test_seeds: Annotated[
        str | None, typer.Option(help="Seeds of the comparison on test data; by default, as many after --seeds.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the study.", envvar="CLTK_NAME")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and its cost, and stop.")] = False,
    workers: Workers = 1,
    threads: StudyThreads = 1,
    device: Device = "auto",
    precision: Precision = "fp32",
    data_dir: DataDir = None,
    store: Store = RUNS,
    study_db: StudyDb = None,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Tune the samples replayed at each task on validation data, and report the choice once on test data.

    With --budget N, every trial spends N samples in all; with --pareto, the search is for the whole trade-off. What is
    finished is not run again: call it again after an interruption, or with more --trials.
    """
    from cltk_studies.commands.study import StudyProgress, begin, conclude_tuning, print_plan
    from cltk_studies.questions.ablation import plan_of as test_plan_of
    from cltk_studies.questions.search import search_of
    from cltk_studies.work.database import check_apart, open_database
    from cltk_studies.work.pool import Order, Pool
    from cltk_studies.work.queue import Queue
    from cltk_studies.work.session import carry_out
    from cltk_studies.work.tuning import plan_of, test_study
    from cltk_studies.work.tuning import tune as carry_out_search

    options = given(budget=budget, pareto=pareto, trials=trials, seeds=seeds, test_seeds=test_seeds, name=name)
    tuning, base = _definition(layer_of(ctx, file), file, options)
    machine = machine_of(device, threads, precision, data_dir)
    check_apart(store, study_db, tracking_uri)
    scenarios: dict[str, Any] = {}
    search, prepared = search_of(tuning, base, machine, scenarios)
    if dry_run:
        head = {"name": search.name, "seeds": list(search.seeds), "test_seeds": list(search.test_seeds)}
        print_plan(head, plan_of(search, prepared, tuning.trials, (), workers, store), json=json)
        raise typer.Exit
    opened = open_database(store, study_db)
    queue = Queue(opened, search.name, search.directions)
    queue.check(search.fingerprint)
    ending = None
    with Pool(workers, machine, scenarios, opened) as pool:
        plan = plan_of(search, prepared, tuning.trials, queue.ended(), workers, store)
        order = Order(search.name, store, opened.url, machine)
        with begin(plan, [prepared], quiet=quiet or json) as progress:
            tuned = carry_out_search(search, tuning.trials, queue, opened, order, pool, tracking_uri, progress)
        if tuned.choice and tuned.whole:
            study, prepared_cells = test_study(search, tuned.choice, machine, scenarios)
            plan = test_plan_of(study, prepared_cells, store, workers)
            queue = Queue(opened, study.name, ["maximize"])
            order = Order(study.name, store, opened.url, machine)
            with StudyProgress(plan, quiet or json) as progress:
                ending = carry_out(study, plan, queue, opened, order, pool, tracking_uri, progress)
    conclude_tuning(search, tuned, ending, json=json)


def _definition(layer: dict[str, Any], file: Path | None, options: dict[str, Any]) -> tuple[Tuning, dict[str, Any]]:
    """Splits a file into its table ``[tune]``, which options override, and the experiment."""
    from cltk.config import check
    from cltk_studies.questions.search import Tuning

    base = dict(layer)
    base.pop("ablate", None)
    table = dict(base.pop("tune", {}))
    if "budget" in options:
        table.pop("pareto", None)
    if "pareto" in options:
        table.pop("budget", None)
    return check(Tuning, table | options, f"'{file}', table [tune]" if file else "the tuning"), base
