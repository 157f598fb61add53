"""Options that the commands of studies share, beside those that all commands do."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.complete import plugin_names
from cltk.cli.console import show_notice
from cltk.cli.options import RUNS, MachineOptions

if TYPE_CHECKING:
    from cltk.errors import Faults
    from cltk_studies.work.database import StudyDatabase
    from cltk_studies.work.site import StudySite

__all__ = ["ConductOptions", "Objective", "PlaceOptions", "SiteOptions", "StudyMachineOptions"]

_Threads = Annotated[int | None, typer.Option(min=1, help="Threads of each worker.", envvar="CLTK_THREADS")]
_Workers = Annotated[int, typer.Option(min=1, help="Processes that share the work.", envvar="CLTK_WORKERS")]
_Launcher = Annotated[
    str | None,
    typer.Option(
        help="What starts the workers, by name; by default, what the installed packages offer as such. Its fields: "
        "--launcher.<field> <value>, or --launcher.<name>.<field> <value>.",
        envvar="CLTK_LAUNCHER",
        autocompletion=plugin_names("launcher"),
    ),
]
_Store = Annotated[
    Path | None,
    typer.Option(
        help=f"Folder of records and of the MLflow store; by default, '{RUNS}', in --study-db where that is a folder.",
        envvar="CLTK_STORE",
    ),
]
_StudyDb = Annotated[
    str | None,
    typer.Option(
        help="Where studies are kept: a folder that machines may share, or postgresql://user@host/database; by "
        "default, the folder --store.",
        envvar="CLTK_STUDY_DB",
    ),
]
Objective = Annotated[
    list[str] | None,
    typer.Option(
        help="A metric that says what is better; repeat it for more, the most important one first.",
        autocompletion=plugin_names("metric"),
    ),
]


_Detach = Annotated[
    bool, typer.Option("--detach", help="Leave the workers at work, and return: cltk status follows them.")
]
_Lease = Annotated[
    float,
    typer.Option(
        min=1,
        help="Seconds without a sign of life after which what a worker does is given to another one.",
        envvar="CLTK_LEASE",
    ),
]
_Losses = Annotated[
    int, typer.Option(min=1, help="Workers that a cell may kill before it counts as failed.", envvar="CLTK_MAX_LOSSES")
]
_Retries = Annotated[
    int,
    typer.Option(
        min=0,
        help="How often a run that failed is tried again; not one that diverged, as it would again.",
        envvar="CLTK_RETRIES",
    ),
]
_Failures = Annotated[
    int | None, typer.Option(min=1, help="Failures at which the study stops.", envvar="CLTK_MAX_FAILURES")
]
_FailFast = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failure.", envvar="CLTK_FAIL_FAST")]


def _rename(ctx: typer.Context, value: Any) -> Any:
    if value is not None:
        show_notice("'--storage' and CLTK_STORAGE are called '--study-db' and CLTK_STUDY_DB now; use these names.")
        # What is given under the new name wins over a default.
        ctx.default_map = {**(ctx.default_map or {}), "study_db": value}
    return value


_Storage = Annotated[
    str | None, typer.Option("--storage", hidden=True, is_eager=True, envvar="CLTK_STORAGE", callback=_rename)
]


@dataclass(frozen=True)
class StudyMachineOptions(MachineOptions):
    """Where and how workers compute: with one thread each, unless another number is given."""

    threads: _Threads = 1


@dataclass(frozen=True)
class PlaceOptions:
    """Where studies are kept."""

    store: _Store = None
    study_db: _StudyDb = None

    def open(self) -> StudyDatabase:
        """Opens it.

        Raises:
            ConfigError: It is not there, or does not work.
        """
        from cltk_studies.work.database import open_database

        return open_database(self.study_db or self.store or RUNS, is_there=True)


@dataclass(frozen=True)
class SiteOptions:
    """Where a study is worked on."""

    store: _Store = None
    study_db: _StudyDb = None
    storage: _Storage = None
    workers: _Workers = 1
    launcher: _Launcher = None

    @property
    def at_records(self) -> str:
        """The option that a command is to be given to find the records, with a blank before it."""
        from cltk.cli.next_steps import at_store

        return at_store(self._store)

    @property
    def at_study(self) -> str:
        """The option that a command is to be given to find the study, with a blank before it."""
        from cltk.addresses import without_secrets

        is_usual = self.study_db is None or self.study_db == os.environ.get("CLTK_STUDY_DB")
        return self.at_records if is_usual else f" --study-db {shlex.quote(without_secrets(str(self.study_db)))}"

    def site(self, machine: MachineOptions, overrides: Mapping[str, Any], faults: Faults) -> StudySite:
        """The place that the options describe.

        Args:
            machine: Where and how to compute.
            overrides: An experiment, of which settings of launchers and sinks are read.
            faults: Takes what is wrong with the machine.
        """
        from cltk.machine import Machine
        from cltk_studies.work.chosen_launcher import ChosenLauncher
        from cltk_studies.work.chosen_sinks import ChosenSinks
        from cltk_studies.work.site import StudySite

        launcher = ChosenLauncher.read(self.launcher, overrides.get("launcher", {}))
        sinks = ChosenSinks.read(dict(overrides))
        computer = Machine(threads=1)
        with faults.further():
            computer = machine.machine
        return StudySite(self._store, self.study_db, computer, self.workers, launcher, sinks)

    @property
    def _store(self) -> Path:
        from cltk_studies.work.database import folder_of

        return self.store or (folder_of(self.study_db) or Path()) / RUNS


@dataclass(frozen=True)
class ConductOptions:
    """How a study is carried out."""

    detach: _Detach = False
    lease: _Lease = 90.0
    max_losses: _Losses = 3
    retries: _Retries = 0
    max_failures: _Failures = None
    fail_fast: _FailFast = False

    def at(self, site: StudySite) -> StudySite:
        """The place, with studies carried out there in this way."""
        from cltk_studies.work.limits import Limits

        limits = Limits(self.lease, self.max_losses, self.retries, 1 if self.fail_fast else self.max_failures)
        return replace(site, limits=limits, detached=self.detach)
