"""The commands, and what becomes of an error."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from contextlib import nullcontext
from typing import Any

import typer

from cltk import __version__
from cltk.cli import cite, data, plugins, run, runs, schema
from cltk.cli.bash import words_joined
from cltk.cli.commands import PluginCommands
from cltk.cli.console import noise_to_stderr, show_error, show_notice, spell_out
from cltk.cli.overrides import ExperimentCommand
from cltk.cli.usage import Command, UsageError, fault_of_usage, faults_of
from cltk.cli.variables import describe_ignored
from cltk.errors import CltkError, ConfigError
from cltk.processes.collector import collect_rarely
from cltk.processes.entry_points import tolerate_malformed

__all__ = ["app", "main"]

_OF_PATHS = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
"""What is wrong with a path, and not with cltk."""

app = typer.Typer(
    name="cltk",
    cls=PluginCommands,
    help="Ablations in continual learning, every component a plugin.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # Its import would take longer than all else that --help does.
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=ExperimentCommand)(run.run)
app.command(cls=Command)(schema.schema)
app.command(cls=Command)(cite.cite)
app.add_typer(runs.app, name="runs")
app.add_typer(data.app, name="data")
app.add_typer(plugins.app, name="plugins")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"cltk-core {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(
        False, "--version", "-V", callback=_print_version, is_eager=True, help="Print the version of the core."
    ),
) -> None:
    """Ablations in continual learning, every component a plugin."""
    for notice in describe_ignored(ctx, os.environ):
        show_notice(notice)


def main() -> None:
    """Runs the command line; a user's mistake ends it with a message and the documented exit status."""
    collect_rarely()
    tolerate_malformed()
    codecs.register_error("cltk", spell_out)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - it is None where whoever called has closed it
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="cltk")  # A terminal's encoding may lack what tables are drawn with.
    try:
        with words_joined(os.environ), noise_to_stderr() if "--json" in sys.argv else nullcontext():
            _call()
    except CltkError as error:
        if "--debug" in sys.argv:
            raise
        show_error(error)
        sys.exit(error.exit_status)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        show_error(_explained(error))
        sys.exit(1)


def _call() -> None:
    """Calls the command, and writes out what it printed while an error of that can still be told."""
    try:
        status = app(standalone_mode=False)
    except UsageError as error:
        raise _in_our_style(error) from error
    except typer.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        show_notice("Interrupted. What had ended by then is kept.")
        sys.exit(130)
    finally:
        sys.stdout.flush()
    sys.exit(status if isinstance(status, int) else 0)


def _in_our_style(error: Any) -> BaseException:
    """What Typer found wrong with options and arguments, with what was wrong before, as an error of ours."""
    faults = [*faults_of(error.ctx).all] if error.ctx else []
    if error.message and type(error).__name__ != "NoArgsIsHelpError":
        faults.append(fault_of_usage(error))
    if faults:
        return ConfigError.of(faults)
    error.show()  # It is no error, but help.
    return SystemExit(error.exit_code)


def _explained(error: Exception) -> CltkError:
    if isinstance(error, BrokenPipeError):  # Who reads has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        # Else the interpreter tries once more when it ends, and complains in its own words.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return CltkError(f"Cannot print the result: {error.strerror}.", "What was run is kept: see 'cltk runs list'.")
    if isinstance(error, OSError) and error.errno in _OF_PATHS and error.filename:
        return CltkError(f"Cannot use '{error.filename}': {error.strerror}.", "Choose another one.")
    return CltkError(
        f"cltk failed where it should not have: {type(error).__name__}: {error}",
        "See where with 'cltk --debug', and report it with what you typed.",
    )
