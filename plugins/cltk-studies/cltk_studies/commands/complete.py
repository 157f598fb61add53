"""Names of studies for the shell to complete."""

from __future__ import annotations

import typer

from cltk.cli.complete import names_kept, run_ids

__all__ = ["studies_or_runs", "study_names"]

study_names = names_kept("studies/*/*")
"""A completer of the studies in --store."""


def studies_or_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the names of studies and the ids of runs."""
    return [*study_names(ctx, incomplete), *run_ids(ctx, incomplete)]
