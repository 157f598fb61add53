"""``cltk status``: how far studies are, from any machine that sees where they are kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cltk.cli.groups import with_groups
from cltk.cli.options import Json
from cltk_studies.commands.complete import study_names
from cltk_studies.commands.options import PlaceOptions

if TYPE_CHECKING:
    from cltk_figures.tables import Table
    from cltk_studies.work.status import StudyStatus

__all__ = ["status"]

_PERIOD = 2.0
"""Seconds between two looks with ``--watch``."""


@with_groups
def status(
    *,
    name: Annotated[
        str | None, typer.Argument(help="A study; all of them by default.", autocompletion=study_names)
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Keep it on screen until nothing is left to do.")] = False,
    json: Json = False,
    place: PlaceOptions,
) -> None:
    """Show how far a study is: what waits, runs, is finished and failed, who works on it, and the best so far."""
    from cltk.cli.console import print_json
    from cltk_studies.commands.tables import print_table
    from cltk_studies.work.kept_study import study_names
    from cltk_studies.work.queue import Queue
    from cltk_studies.work.status import StudyStatus

    database = place.open()
    names = [name] if name else study_names(database)
    queues = [Queue(database, each) for each in names]
    while True:
        found = [StudyStatus.of(queue) for queue in queues]
        if json:
            print_json([each.to_dict() for each in found] if name is None else found[0].to_dict())
        else:
            if watch:
                Console().clear()  # Does nothing where there is no terminal.
            for table in _tables(found):
                print_table(table)
        if not watch or all(each.is_done or each.stopped for each in found):
            return
        time.sleep(_PERIOD)


def _tables(found: Sequence[StudyStatus]) -> list[Table]:
    from cltk_figures.tables import Table
    from cltk_studies.reports.formats import format_duration

    columns = ("study", "waiting", "running", "finished", "failed", "time left", "best so far")
    rows: list[tuple[str | int, ...]] = []
    for each in found:
        left = "-" if each.seconds_left is None else format_duration(each.seconds_left)
        if each.stopped and not each.is_done:
            left = "stopped"
        best = ", ".join(f"{name}: {value:.3f}" for name, value in each.best.items()) or "-"
        rows.append((each.name, *each.counts.values(), left, best))
    tables = [Table("Studies", columns, tuple(rows))]
    launched = [
        (each.name, launch.launcher, "-" if launch.alive is None else launch.alive, launch.reason or "-")
        for each in found
        for launch in each.launched
    ]
    if launched:
        tables.append(Table("Launched", ("study", "launcher", "workers", "note"), tuple(launched)))
    busy = [
        (worker.host, str(worker.pid or "-"), worker.item, worker.since) for each in found for worker in each.workers
    ]
    if busy:
        tables.append(Table("Workers", ("host", "process", "what it does", "since"), tuple(busy)))
    failed = [(item, error.splitlines()[0]) for each in found for item, error in each.failures.items()]
    if failed:
        tables.append(Table("Failures", ("what", "why"), tuple(failed)))
    return tables
