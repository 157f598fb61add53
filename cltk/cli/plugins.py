"""``cltk plugins``: what is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cltk.cli.complete import kinds, plugin_names
from cltk.cli.console import print_json, print_rows, show_error
from cltk.cli.options import Json
from cltk.cli.overrides import OverridesCommand, overrides_of
from cltk.errors import ConfigError, DataUnavailableError, closest
from cltk.kinds import KINDS
from cltk.registry import Plugin, default_names, find, installed, load, shortest_name, state, unreadable

__all__ = ["app", "named"]

Name = Annotated[
    str,
    typer.Argument(help="The component; kind:name where several kinds have one.", autocompletion=plugin_names()),
]

app = typer.Typer(help="List and describe the installed components.", no_args_is_help=True)


@app.command("list")
def list_plugins(json: Json = False) -> None:
    """List the installed components and their states, from their metadata alone."""
    rows = [
        plugin.row | {"default": "yes" if shortest_name(plugin) in default_names(kind) else "", "state": state(plugin)}
        for kind in KINDS
        for plugin in installed(kind)
    ]
    blank = dict.fromkeys(("kind", "name", "distribution", "version", "default"), "")
    rows += [blank | {"distribution": name, "state": reason} for name, reason in unreadable().items()]
    print_rows(rows, json)


@app.command()
def doctor(json: Json = False) -> None:
    """Load every component: what is broken, what is slow, what conflicts. Fails where anything is broken."""
    from cltk.cli.console import show_notice
    from cltk.cli.doctor import conflicts, examine

    rows, problems = examine(), conflicts()
    print_rows(rows, json)
    for problem in problems:
        show_notice(problem)
    raise typer.Exit(3 if problems or any(row["state"] != "ready" for row in rows) else 0)


@app.command()
def show(
    name: Name,
    json: Json = False,
) -> None:
    """Describe a component: what it is, where it comes from, its fields."""
    from cltk.cli.describe import describe

    descriptions = [describe(plugin, load(plugin)) for plugin in named(name)]
    if json:
        print_json(descriptions[0] if len(descriptions) == 1 else descriptions)
        return
    for description in descriptions:
        _print(description)


@app.command()
def new(
    kind: Annotated[
        str, typer.Argument(help="scenario, strategy, generator, classifier, schedule or metric.", autocompletion=kinds)
    ],
    name: Annotated[str, typer.Argument(help="Its name, such as my-generator.")],
    folder: Annotated[Path, typer.Option(help="Where the new folder goes.")] = Path(),
) -> None:
    """Write a new plugin package, complete and working, for you to change."""
    from cltk.cli.scaffold import scaffold

    written = scaffold(kind, name, folder)
    shown = written if written.is_absolute() else f"./{written}"
    print(f"Written to {written}. Next:\n  pip install -e {shown}\n  cltk run --{kind} {name}")


@app.command(cls=OverridesCommand)
def check(
    ctx: typer.Context,
    name: Name,
    json: Json = False,
) -> None:
    """Check whether a component does what its kind promises; fields as options: --schedule.counts 0,10,20."""
    from cltk.testing import ConformanceError, NotRunError, checks_of

    rows, failures = [], []
    for plugin in named(name):
        settings = overrides_of(ctx).get(plugin.kind, {})
        for conformance in checks_of(load(plugin), settings):
            try:
                conformance.run()
                result = "ok"
            except DataUnavailableError:
                result = "skipped: its data is not here"
            except NotRunError as error:
                result = f"not run: {error}"
            except ConformanceError as error:
                failures.append(error)
                result = "failed"
            rows.append({"component": f"{plugin.kind} {plugin.name}", "check": conformance.name, "result": result})
    print_rows(rows, json)
    for failure in failures:
        show_error(failure)
    raise typer.Exit(3 if failures else 0)


def named(name: str) -> list[Plugin]:
    """The components of that name, of whatever kind.

    Raises:
        ConfigError: There is none.
    """
    kind, _, rest = name.partition(":")
    if kind in KINDS and rest:
        return [find(kind, rest)]
    every = [plugin for kind in KINDS for plugin in installed(kind)]
    found = [plugin for plugin in every if name in (plugin.name, plugin.qualified)]
    if not found:
        raise ConfigError(f"There is no component '{name}'.", closest(name, {plugin.name for plugin in every}))
    return found


def _print(description: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    title = "[bold]{name}[/], a {kind} of {distribution} {version}\n"
    console.print(title.format_map(description))
    console.print(escape(f"{description['description']}\n\nSource: {description['source']}\n"), highlight=False)
    if not description["fields"]:
        console.print("It has no fields.")
        return
    table = Table(
        show_edge=False, caption=f"As an option: --{description['kind']}.<field> <value>", caption_justify="left"
    )
    table.add_column("field", no_wrap=True)
    for column in ("type", "default", "range", "meaning"):
        table.add_column(column)
    for field in description["fields"]:
        table.add_row(
            *map(escape, (field["name"], field["type"], _shown(field["default"]), field["range"], field["description"]))
        )
    console.print(table)
    if description["search_space"]:
        console.print("\nSearch space, for five tasks of 12,000 images:")
        for name, where in description["search_space"].items():
            console.print(f"  {name}: {where}", highlight=False)


def _shown(value: object) -> str:
    """A default as one would type it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
