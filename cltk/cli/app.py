"""The commands, and what becomes of an error."""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext

import typer

from cltk import __version__
from cltk.cli import cite, data, plugins, run, runs, schema
from cltk.cli.commands import PluginCommands
from cltk.cli.console import only_json, show_error
from cltk.cli.overrides import OverridesCommand
from cltk.errors import CltkError
from cltk.processes.collector import collect_rarely
from cltk.processes.entry_points import tolerate_malformed

__all__ = ["app", "main"]

app = typer.Typer(
    name="cltk",
    cls=PluginCommands,
    help="Ablations in continual learning, every component a plugin.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Its import would take longer than all else that --help does.
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=OverridesCommand)(run.run)
app.command()(schema.schema)
app.command()(cite.cite)
app.add_typer(runs.app, name="runs")
app.add_typer(data.app, name="data")
app.add_typer(plugins.app, name="plugins")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"cltk-core {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(
        False, "--version", "-V", callback=_print_version, is_eager=True, help="Print the version of the core."
    ),
) -> None:
    """Ablations in continual learning, every component a plugin."""


def main() -> None:
    """Runs the command line; a user's mistake ends it with a message and the documented exit status."""
    collect_rarely()
    tolerate_malformed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # A terminal's encoding may lack what tables are drawn with.
    try:
        with only_json() if "--json" in sys.argv else nullcontext():
            app()
    except CltkError as error:
        if "--debug" in sys.argv:
            raise
        show_error(error)
        sys.exit(error.exit_status)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        problem = f"cltk failed where it should not have: {type(error).__name__}: {error}"
        show_error(CltkError(problem, "See where with 'cltk --debug', and report it with what you typed."))
        sys.exit(1)
