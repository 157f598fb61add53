"""``cltk verify``: what a study's finished runs gave, kept in the packages of the components that it verifies."""

from __future__ import annotations

from typing import Annotated

import typer

from cltk.cli.options import RUNS, Json, Store
from cltk_studies.commands.complete import study_names

__all__ = ["verify"]


def verify(
    study: Annotated[str, typer.Argument(help="Name of the study.", autocompletion=study_names)],
    store: Store = RUNS,
    json: Json = False,
) -> None:
    """Keep what a study gave beside the published figures that its components say they reproduce.

    For each cell that a component names in 'published', the values of its finished runs are written to verified.json in
    the component's package, where 'cltk plugins show' and reports read them. Seeds that are there already stay, if they
    are of the same experiment, made with the same versions.
    """
    from cltk.cli.console import print_rows
    from cltk.errors import ConfigError
    from cltk_studies.answers.verification import verify_study

    rows = [
        {"component": name, "cell": figure.published.cell, "text": str(figure), "file": str(path)}
        for name, figure, path in verify_study(study, store)
    ]
    if not rows:
        raise ConfigError(
            f"No component says that a finished cell of the study '{study}' reproduces a published figure.",
            "Name the study and the cell in the component's 'published', and run the study first.",
        )
    print_rows(rows, json)
