"""``cltk data``: what data there is, and fetching more."""

from __future__ import annotations

from typing import Annotated

import typer

from cltk.cli.commands import PluginCommands
from cltk.cli.complete import plugin_names
from cltk.cli.console import print_rows
from cltk.cli.options import DataDir, Json
from cltk.cli.usage import Command

__all__ = ["app"]

app = typer.Typer(cls=PluginCommands, help="List and download the data of scenarios.", no_args_is_help=True)


@app.command("list", cls=Command)
def list_data(data_dir: DataDir = None, json: Json = False) -> None:
    """List the scenarios and whether their data is at hand; nothing is downloaded."""
    from cltk.data_folders import data_folders
    from cltk.errors import CltkError
    from cltk.registry import installed, load

    folders = data_folders(data_dir)
    found = []
    for plugin in installed("scenario"):
        try:
            state = load(plugin).data_state(folders)
        except CltkError as error:
            state = error.problem
        found.append({"scenario": plugin.name, "data": state, "distribution": plugin.distribution})
    print_rows(found, json)


@app.command(cls=Command)
def fetch(
    scenario: Annotated[str, typer.Argument(help="The scenario.", autocompletion=plugin_names("scenario"))],
    data_dir: DataDir = None,
) -> None:
    """Download the data of a scenario, checksummed, into --data-dir or the user's cache."""
    from cltk.cli.console import show_notice
    from cltk.data_folders import data_folders
    from cltk.errors import ConfigError
    from cltk.registry import find, load

    folders = data_folders(data_dir)
    if not folders:
        raise ConfigError("There is no home directory to store data in.", "Name a folder with --data-dir.")
    folder = folders[0]
    chosen = load(find("scenario", scenario))
    chosen.fetch(folder)
    show_notice(f"Data of {scenario}: {chosen.data_state([folder])}.")
