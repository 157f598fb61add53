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
    from cltk.registry import load

    descriptions = [_describe(plugin, load(plugin, BASES[plugin.kind])) for plugin in named(name)]
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


def _describe(plugin: Plugin, cls: type[Any]) -> dict[str, Any]:
    from inspect import getdoc

    return {
        "kind": plugin.kind,
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "description": getdoc(cls) or "",
        "fields": _fields(cls.Config.model_json_schema()),
    }


def _fields(schema: dict[str, Any], prefix: str = "") -> list[dict[str, Any]]:
    """Every field with its path, type, default, bounds and meaning; nested configurations spelled out."""
    definitions = schema.get("$defs", {})
    fields = []
    for name, field in schema.get("properties", {}).items():
        nested = definitions.get(field.get("$ref", "").rpartition("/")[2])
        if nested:
            overrides = field.get("default", {})
            inner = _fields({**nested, "$defs": definitions}, f"{prefix}{name}.")
            fields += [
                {**row, "default": overrides.get(row["name"].rpartition(".")[2], row["default"])} for row in inner
            ]
            continue
        fields.append(
            {
                "name": prefix + name,
                "type": _type(field),
                "default": field.get("default"),
                "range": _range(field),
                "description": field.get("description", ""),
            }
        )
    return fields


def _type(field: dict[str, Any]) -> str:
    if "enum" in field:
        return " | ".join(map(str, field["enum"]))
    if "anyOf" in field:
        return " | ".join(_type(option) for option in field["anyOf"])
    name = str(field.get("type", "any"))
    return f"list of {_type(field['items'])}" if name == "array" and "items" in field else name


def _range(field: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    own = [f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field]
    inner = [_range(field["items"])] if isinstance(field.get("items"), dict) else []
    return ", ".join(filter(None, own + inner))


def _print(description: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    title = "[bold]{name}[/], a {kind} of {distribution} {version}\n"
    console.print(title.format_map(description))
    console.print(escape(description["description"]), "")
    if not description["fields"]:
        console.print("It has no fields.")
        return
    table = Table(show_edge=False)
    for column in ("field", "type", "default", "range", "meaning"):
        table.add_column(column)
    for field in description["fields"]:
        default = field["default"]
        default = ",".join(map(str, default)) if isinstance(default, list) else str(default)
        option = f"--{description['kind']}.{field['name'].replace('_', '-')}"
        table.add_row(*map(escape, (option, field["type"], default, field["range"], field["description"])))
    console.print(table)
