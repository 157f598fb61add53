"""``cltk plugins``: what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cltk.cli.commands import PluginCommands
from cltk.cli.companions import Companions
from cltk.cli.complete import kinds, plugin_names
from cltk.cli.console import print_json, print_rows, show_error, show_notice
from cltk.cli.groups import with_groups
from cltk.cli.options import RUNS, Json, Store
from cltk.cli.overrides import OverridesCommand, overrides_of
from cltk.cli.usage import Command
from cltk.distributions import unreadable
from cltk.errors import ConfigError, closest
from cltk.kinds import KINDS, Kind
from cltk.registry import Plugin, default_names, find, installed, load, shortest_name, state

__all__ = ["app", "named"]

Name = Annotated[
    str,
    typer.Argument(help="The plugin; kind:name where several kinds have one.", autocompletion=plugin_names()),
]
KindName = Annotated[str, typer.Argument(metavar="KIND", help=f"{', '.join(KINDS)}.", autocompletion=kinds)]

app = typer.Typer(cls=PluginCommands, help="List, describe, check and write plugins.", no_args_is_help=True)


@app.command("list", cls=Command)
def list_plugins(kind: KindName = "", json: Json = False) -> None:
    """List the installed plugins and their states, from their metadata alone."""
    rows = [
        plugin.row | {"default": "yes" if shortest_name(plugin) in default_names(name) else "", "state": state(plugin)}
        for name in ([_kind(kind).name] if kind else KINDS)
        for plugin in installed(name)
    ]
    blank = dict.fromkeys(("kind", "name", "distribution", "version", "default"), "")
    rows += [blank | {"distribution": name, "state": reason} for name, reason in unreadable().items()]
    print_rows(rows, json)


@app.command(cls=Command)
def doctor(store: Store = RUNS, json: Json = False) -> None:
    """Load every plugin: what is broken, what is slow, what conflicts. Fails where anything is broken.

    As JSON, also versions, machine, threads and stores: what a report of a fault needs.
    """
    from cltk.cli.doctor import conflicts, examine
    from cltk.cli.environment import describe_environment

    rows, problems = examine(), conflicts()
    if json:
        print_json({"plugins": rows, "problems": problems, **describe_environment(store)})
    else:
        print_rows(rows, json)
    for problem in problems:
        show_notice(problem)
    raise typer.Exit(3 if problems or any(row["state"] != "ready" for row in rows) else 0)


@app.command(cls=Command)
def show(name: Name, json: Json = False) -> None:
    """Describe a plugin: what it is, where it comes from, its fields."""
    from cltk.cli.describe import describe
    from cltk.cli.show import print_description

    descriptions = [describe(plugin, load(plugin)) for plugin in named(name)]
    if json:
        print_json(descriptions[0] if len(descriptions) == 1 else descriptions)
        return
    for description in descriptions:
        print_description(description)


@app.command(cls=Command)
def new(
    kind: KindName,
    name: Annotated[str, typer.Argument(help="Its name, such as my-generator.")],
    folder: Annotated[Path, typer.Option(help="Where the new folder goes.")] = Path(),
) -> None:
    """Write a new plugin package, complete and working, for you to change."""
    from cltk.cli.scaffold import scaffold

    written = scaffold(_kind(kind), name, folder)
    shown = written if written.is_absolute() else f"./{written}"
    print(f"Written to {written}. Next:\n  pip install -e {shown}\n  {_kind(kind).usage(name)}")


@app.command(cls=OverridesCommand)
@with_groups
def check(ctx: typer.Context, *, name: Name, json: Json = False, companions: Companions) -> None:
    """Check whether a plugin does what its kind promises.

    Its fields are options, and so is what a strategy is checked with: --schedule.counts 0,10,20, --classifier mlp.
    """
    from cltk.testing.results import run_checks

    plugins, settings = named(name), overrides_of(ctx)
    companions.check_settings(settings, plugins)
    parts = companions.parts(settings)
    results = [result for plugin in plugins for result in run_checks(plugin, settings, parts)]
    failures = [failure for _, failure in results if failure]
    print_rows([row for row, _ in results], json)
    for failure in failures:
        show_error(failure)
    raise typer.Exit(3 if failures else 0)


def named(name: str) -> list[Plugin]:
    """The plugins of that name, of whatever kind.

    Raises:
        ConfigError: There is none.
    """
    kind, _, rest = name.partition(":")
    if kind in KINDS and rest:
        return [find(kind, rest)]
    every = [plugin for kind in KINDS for plugin in installed(kind)]
    matches = [plugin for plugin in every if plugin.is_called(name)]
    if not matches:
        raise ConfigError(
            f"There is no plugin '{name}'.", closest(name, {plugin.name for plugin in every}, "cltk plugins list")
        )
    return matches


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise ConfigError(f"There is no kind '{name}'.", closest(name, KINDS))
    return KINDS[name]
