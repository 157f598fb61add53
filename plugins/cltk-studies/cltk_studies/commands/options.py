"""Options that the commands of studies share, beside those that all commands do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.complete import plugin_names
from cltk.cli.console import show_notice
from cltk.cli.options import RUNS, MachineOptions, Store

if TYPE_CHECKING:
    from cltk_studies.work.site import StudySite

__all__ = ["Objective", "SiteOptions", "StudyMachineOptions"]

_Threads = Annotated[int | None, typer.Option(min=1, help="Threads of each worker.", envvar="CLTK_THREADS")]
_Workers = Annotated[int, typer.Option(min=1, help="Processes that share the work.", envvar="CLTK_WORKERS")]
_Launcher = Annotated[
    str | None,
    typer.Option(
        help="What starts the workers, by name; by default, what the installed packages offer as such. Its fields: "
        "--launcher.<name>.<field> <value>.",
        envvar="CLTK_LAUNCHER",
        autocompletion=plugin_names("launcher"),
    ),
]
_StudyDb = Annotated[
    str | None,
    typer.Option(
        help="Database of studies, such as postgresql://user@host/database; by default, a file in --store.",
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
class SiteOptions:
    """Where a study is worked on."""

    store: Store = RUNS
    study_db: _StudyDb = None
    storage: _Storage = None
    workers: _Workers = 1
    launcher: _Launcher = None

    def site(self, machine: MachineOptions, overrides: Mapping[str, Any]) -> StudySite:
        """The place that the options describe.

        Args:
            machine: Where and how to compute.
            overrides: An experiment, of which settings of launchers and sinks are read.

        Raises:
            ConfigError: These are not valid.
        """
        from cltk_studies.work.chosen_launcher import ChosenLauncher
        from cltk_studies.work.chosen_sinks import ChosenSinks
        from cltk_studies.work.site import StudySite

        launcher = ChosenLauncher(self.launcher, overrides.get("launcher", {}))
        sinks = ChosenSinks.read(dict(overrides))
        return StudySite(Path(self.store), self.study_db, machine.machine, self.workers, launcher, sinks)
