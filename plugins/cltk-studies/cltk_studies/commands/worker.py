"""``cltk worker``: helping with a study that was begun elsewhere."""

from __future__ import annotations

from typing import Annotated

import typer

from cltk.cli.machine import machine_of
from cltk.cli.options import (
    RUNS,
    DataDir,
    Device,
    Precision,
    Quiet,
    Store,
    TrackingUri,
)
from cltk_studies.commands.options import Storage, StudyDb, StudyThreads, Workers

__all__ = ["worker"]


def worker(
    study: Annotated[str, typer.Argument(help="Name of the study.")],
    workers: Workers = 1,
    threads: StudyThreads = 1,
    device: Device = "auto",
    precision: Precision = "fp32",
    data_dir: DataDir = None,
    store: Store = RUNS,
    study_db: StudyDb = None,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    quiet: Quiet = False,
) -> None:
    """Work on a study until nothing of it is left, beside whoever else does.

    The study is in --storage, where cltk ablate or cltk tune put it. Start this on as many machines as there are.
    """
    from cltk_studies.commands.study import StudyProgress, conclude_work
    from cltk_studies.work.database import check_apart, open_database
    from cltk_studies.work.pool import Order, Pool
    from cltk_studies.work.session import help_out

    check_apart(store, study_db, tracking_uri)
    machine = machine_of(device, threads, precision, data_dir)
    opened = open_database(store, study_db)
    order = Order(study, store, opened.url, machine)
    with Pool(workers, machine, {}, opened) as pool, StudyProgress(None, quiet) as progress:
        helped = help_out(order, pool, opened, tracking_uri, progress)
    conclude_work(helped)
