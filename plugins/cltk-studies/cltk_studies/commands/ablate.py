"""``cltk ablate``: every cell of a grid, with every seed."""

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
    from cltk_studies.questions.grid import Ablation

__all__ = ["ablate"]


@takes_components
def ablate(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="An experiment with a table [ablate], as a TOML file.")],
    scenario: Scenario = None,
    strategy: Strategy = None,
    generator: Generator = None,
    classifier: Classifier = None,
    schedule: Schedule = None,
    metric: Metric = None,
    seeds: Seeds = None,
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
    """Run every cell of a study with every seed, and compare them.

    The table [ablate] names what is varied. What is finished is not run again: call it again after an interruption,
    however it came about. Components and fields that are given as options hold in all cells.
    """
    from cltk_studies.commands.study import begin, conclude, print_plan
    from cltk_studies.questions.ablation import plan_of, study_of
    from cltk_studies.work.database import check_apart, open_database
    from cltk_studies.work.pool import Order, Pool
    from cltk_studies.work.queue import Queue
    from cltk_studies.work.session import carry_out

    ablation, base = _definition(layer_of(ctx, file), file, name, seeds)
    machine = machine_of(device, threads, precision, data_dir)
    check_apart(store, study_db, tracking_uri)
    scenarios: dict[str, Any] = {}
    study, prepared_cells = study_of(ablation, base, machine, scenarios)
    if dry_run:
        head = {"name": study.name, "seeds": list(study.seeds), "baseline": study.baseline}
        print_plan(head, plan_of(study, prepared_cells, store, workers), json=json)
        raise typer.Exit
    opened = open_database(store, study_db)
    queue = Queue(opened, study.name, ["maximize"])
    queue.check(study.fingerprint)
    with Pool(workers, machine, scenarios, opened) as pool:
        plan = plan_of(study, prepared_cells, store, workers)
        order = Order(study.name, store, opened.url, machine)
        with begin(plan, prepared_cells.values(), quiet=quiet or json) as progress:
            ending = carry_out(study, plan, queue, opened, order, pool, tracking_uri, progress)
    conclude(ending, json=json)


def _definition(
    layer: dict[str, Any], file: Path, name: str | None, seeds: str | None
) -> tuple[Ablation, dict[str, Any]]:
    """Splits a study's file into its table and the experiment that all cells share."""
    from cltk.config import check
    from cltk.errors import ConfigError
    from cltk_studies.questions.grid import Ablation

    base = dict(layer)
    base.pop("tune", None)
    table = base.pop("ablate", None)
    if not isinstance(table, dict):
        raise ConfigError(
            f"'{file}' has no table [ablate].", 'Add one, such as: ablate.axes.schedule = ["fixed", "linear"]'
        )
    return check(Ablation, table | given(name=name, seeds=seeds), f"'{file}', table [ablate]"), base
