"""``cltk plugins show``: the description of a plugin, for a person to read."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cltk.layers import as_typed

__all__ = ["print_description", "verified_lines"]


def print_description(description: dict[str, Any]) -> None:
    """Prints what ``describe`` says of a plugin."""
    console = Console()
    console.print("[bold]{name}[/], a {kind} of {distribution} {version}\n".format_map(description))
    console.print(escape(description["description"]) + "\n", highlight=False)
    if description["source"]:
        console.print(escape(f"Source: {description['source']}\n"), highlight=False)
    for line in verified_lines(description):
        console.print(escape(f"{line}\n"), highlight=False)
    console.print(escape(f"To use it: {description['usage']}"), highlight=False)
    if description["fields"]:
        console.print(f"\nIts fields, as options: {description['option']} <value>", highlight=False)
        console.print(_fields(description["fields"]))
    if description["search_space"]:
        console.print("\nSearch space, for five tasks of 12,000 images:")
        for name, where in description["search_space"].items():
            console.print(f"  {name}: {where}", highlight=False)


def verified_lines(description: dict[str, Any]) -> list[str]:
    """Which published figures a component reproduces, a line each, or that it is none; nothing of other plugins."""
    figures = description["verified"]
    if figures is None:
        return []
    return [f"Verified: {figure['text']}" for figure in figures] or ["Verified: no published figure."]


def _fields(fields: list[dict[str, Any]]) -> Table:
    table = Table(show_edge=False)
    table.add_column("field", no_wrap=True)
    for column in ("type", "default", "range", "meaning"):
        table.add_column(column)
    for field in fields:
        cells = (field["name"], field["type"], as_typed(field["default"]), field["range"], field["description"])
        table.add_row(*map(escape, cells))
    return table
