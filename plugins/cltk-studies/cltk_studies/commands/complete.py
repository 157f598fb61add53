"""Names of studies, axes, for the shell to complete."""

from __future__ import annotations

import typer

from cltk.cli.assignments import assignments, last_of_list
from cltk.cli.complete import names_kept, plugin_names, run_ids
from cltk.cli.complete_runs import names

__all__ = ["axes", "studies_or_names", "studies_or_runs", "study_names"]

study_names = names_kept("studies/*/*")
"""A completer of the studies in --store."""


def studies_or_runs(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the names of studies and the ids of runs."""
    return [*study_names(ctx, incomplete), *run_ids(ctx, incomplete)]


def studies_or_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the names of studies, and what runs are filed under."""
    return sorted({*study_names(ctx, incomplete), *names(ctx, incomplete)})


def axes(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes slots and the fields of the components that take part, on axes too, with their values."""
    from cltk.cli.fields import fields_taking_part, typed_values
    from cltk.cli.overrides import words_of
    from cltk.kinds import SLOTS

    parted = [axis.partition("=")[::2] for axis in ctx.params.get("axis") or ()]
    named = [f"--{slot}={name}" for slot, names in parted if slot in SLOTS for name in names.split(",")]
    valid = {slot: plugin_names(slot)("") for slot in SLOTS}
    for option, field in fields_taking_part([*words_of(ctx), *named]).items():
        valid[option.removeprefix("--").replace("-", "_")] = typed_values(field)
    return assignments(
        incomplete, valid, lambda path, typed: last_of_list(typed, valid.get(path.replace("-", "_"), ()))
    )
