"""Options that the commands of studies share, beside those that all commands do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cltk.cli.console import show_notice

__all__ = ["Storage", "StudyDb", "StudyThreads", "Workers"]

StudyThreads = Annotated[int, typer.Option(min=1, help="Threads of each worker.", envvar="CLTK_THREADS")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that share the work.", envvar="CLTK_WORKERS")]
StudyDb = Annotated[
    str | None,
    typer.Option(
        help="Database of studies, such as postgresql://user@host/database; by default, a file in --store.",
        envvar="CLTK_STUDY_DB",
    ),
]


def _rename(ctx: typer.Context, value: Any) -> Any:
    if value is not None:
        show_notice("'--storage' and CLTK_STORAGE are called '--study-db' and CLTK_STUDY_DB now; use these names.")
        # What is given under the new name wins over a default.
        ctx.default_map = {**(ctx.default_map or {}), "study_db": value}
    return value


Storage = Annotated[
    str | None, typer.Option("--storage", hidden=True, is_eager=True, envvar="CLTK_STORAGE", callback=_rename)
]
"""The old name of ``--study-db``; a command takes it and leaves it alone."""
