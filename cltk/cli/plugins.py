"""``cltk plugins``: what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cltk.cli.console import print_json

if TYPE_CHECKING:
    from cltk.registry import Plugin

__all__ = ["app", "named"]

app = typer.Typer(help="List and describe the installed components.", no_args_is_help=True)

JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_plugins(json: JSON = False) -> None:
    """List the installed components, from their metadata alone."""
    from cltk.registry import GROUPS, default_names, installed

    found = [
        {
            "kind": plugin.kind,
            "name": plugin.name,
            "default": plugin.name in default_names(plugin.kind),
            "distribution": plugin.distribution,
            "version": plugin.version,
        }
        for kind in GROUPS
        for plugin in installed(kind)
    ]
    if json:
        print_json(found)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(show_edge=False)
    for column in ("kind", "name", "default", "distribution", "version"):
        table.add_column(column)
    for row in found:
        table.add_row(*("yes" if value is True else str(value or "") for value in row.values()))
    Console().print(table)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The component; kind:name where several kinds have one.")],
    json: JSON = False,
) -> None:
    """Describe a component: what it is, where it comes from, its fields."""
    from cltk.build import BASES
    from cltk.cli.describe import describe
    from cltk.registry import load

    descriptions = [describe(plugin, load(plugin, BASES[plugin.kind])) for plugin in named(name)]
    if json:
        print_json(descriptions[0] if len(descriptions) == 1 else descriptions)
        return
    for description in descriptions:
        _print(description)


def named(name: str) -> list[Plugin]:
    """The components of that name, of whatever kind.

    Raises:
        ConfigError: There is none.
    """
    from cltk.errors import ConfigError, closest
    from cltk.registry import GROUPS, find, installed

    kind, _, rest = name.partition(":")
    if kind in GROUPS and rest:
        return [find(kind, rest)]
    every = [plugin for kind in GROUPS for plugin in installed(kind)]
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
    for paragraph in description["description"].split("\n\n"):
        console.print(escape(" ".join(paragraph.split())), "", highlight=False)
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


def _shown(value: object) -> str:
    """A default as one would type it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
