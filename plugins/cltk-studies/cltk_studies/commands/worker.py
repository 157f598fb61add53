"""``cltk worker``: helping with a study that was begun elsewhere."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from cltk.cli.groups import with_groups
from cltk.cli.options import Quiet, SinkOptions
from cltk_studies.commands.complete import study_names
from cltk_studies.commands.options import SiteOptions, StudyMachineOptions

__all__ = ["worker"]


@with_groups
def worker(
    *,
    studies: Annotated[
        list[str],
        typer.Argument(help="Names of studies; all but the first may be begun later.", autocompletion=study_names),
    ],
    attached: Annotated[bool, typer.Option("--attached", hidden=True)] = False,
    detached: Annotated[bool, typer.Option("--detached", hidden=True)] = False,
    launch: Annotated[str | None, typer.Option("--launch", hidden=True)] = None,
    number: Annotated[str | None, typer.Option("--number", hidden=True, envvar="CLTK_WORKER")] = None,
    quiet: Quiet = False,
    site: SiteOptions,
    machine: StudyMachineOptions,
    sinks: SinkOptions,
) -> None:
    """Work on a study until nothing of it is left, beside whoever else does.

    The study is in --study-db, where cltk ablate or cltk tune put it. Start this on as many machines as there are.
    """
    from cltk.errors import CltkError, Faults
    from cltk_studies.commands.results import conclude_work
    from cltk_studies.commands.study_progress import StudyProgress

    name = f"{launch}/{number}" if launch and number else launch
    faults = Faults()
    place = replace(site.site(machine, sinks.overrides, faults), launch=name)
    faults.settle()
    joined = place.join(studies, attached=attached)
    try:
        ending = joined.run(StudyProgress(quiet=quiet or attached or detached))
    except CltkError as error:
        if launch is None:
            raise
        # Into the log, whose last line its launcher reads.
        print(" ".join(str(error).split()), file=sys.stderr)
        raise typer.Exit(error.exit_status) from error
    raise typer.Exit(conclude_work(ending))
