"""``cltk runs``: what was run, and any metric of it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cltk.cli.commands import PluginCommands
from cltk.cli.complete import plugin_names, run_ids
from cltk.cli.complete_runs import columns
from cltk.cli.console import print_json, print_rows, show_notice
from cltk.cli.options import RUNS, Json, Store, Where
from cltk.cli.usage import Command
from cltk.errors import ConfigError

__all__ = ["app"]

app = typer.Typer(
    cls=PluginCommands, help="List runs, show and compare what came of them, remove them.", no_args_is_help=True
)

Metrics = Annotated[
    list[str] | None,
    typer.Option(
        "--metric",
        help="A metric to compute, whatever the run was asked for; repeat it for more. One of several runs is computed "
        "over all seeds of the run's experiment.",
        autocompletion=plugin_names("metric"),
    ),
]


@app.command("list", cls=Command)
def list_runs(
    where: Where = None,
    sort: Annotated[
        str,
        typer.Option(
            help="A metric, cost or setting, such as accuracy; -accuracy for the highest first.", autocompletion=columns
        ),
    ] = "",
    store: Store = RUNS,
    json: Json = False,
) -> None:
    """List the runs in a store, the oldest first, each with the settings that are not the same in all."""
    from cltk.cli.run_rows import chosen_rows, listed, printed, rows_of
    from cltk.runs.reading import read_records

    records, problems = read_records(store)
    rows = chosen_rows(rows_of(records, store), where or (), sort)
    print_rows(listed(rows) if json else printed(rows, sort), json)
    for problem in problems:
        show_notice(f"Left out: {problem}")
    if not rows and not json:
        show_notice(f"There is no run {'of which this is true ' if records else ''}in '{store}'.")


@app.command("rm", cls=Command)
def remove_runs(
    run_id: Annotated[
        list[str] | None,
        typer.Argument(
            help="Ids, or the beginnings of them, of all seeds of an experiment too.", autocompletion=run_ids
        ),
    ] = None,
    where: Where = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: Store = RUNS,
) -> None:
    """Remove runs from a store: their records, weights and checkpoints. What MLflow has of them stays there."""
    from shutil import rmtree

    from cltk.cli.run_rows import named_records
    from cltk.runs.reading import find_folders

    if run_id and not where:  # Nothing is read, so that a record that cannot be read is removed, too.
        folders = find_folders(store, run_id)
    else:
        folders = [store / record.run_id for record in named_records(store, run_id or (), where or ())]
    if not (yes or sys.stdin.isatty()):
        raise ConfigError(
            f"There is no terminal to ask whether to remove {', '.join(map(str, folders))}.", "To remove it, add --yes."
        )
    if not yes:
        typer.confirm(f"Remove {', '.join(map(str, folders))}?", abort=True, err=True)
    for folder in folders:
        rmtree(folder)
        show_notice(f"Removed {folder}.")


@app.command("show", cls=Command)
def show_run(
    run_id: Annotated[
        str,
        typer.Argument(
            help="The run's id, or the beginning of it, of all seeds of an experiment too; 'latest'.",
            autocompletion=run_ids,
        ),
    ],
    metric: Metrics = None,
    store: Store = RUNS,
    json: Json = False,
) -> None:
    """Show a run, or all seeds of an experiment: result and cost, and any metric of it without running it again."""
    from cltk.cli.result import print_records
    from cltk.runs.reading import find_records
    from cltk.runs.recalled import recall

    recalled = recall(find_records(store, [run_id]), store, metric or (), others=json)
    if json:
        print_json(recalled.to_dict())
        return
    print_records(recalled.records, recalled.summary, store=store)
    for name, reason in recalled.without_value.items():
        print(f"{name}: {reason}")
