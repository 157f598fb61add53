"""What a command promises."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from cltk.kinds import KINDS
from cltk.registry import Plugin, installed, state
from cltk.testing.components import has_docstring
from cltk.testing.defects import NotRunError, require
from cltk.testing.subject import Body, Subject

__all__ = ["CHECKS"]

HEAVY = ("dask", "matplotlib", "mlflow", "optuna", "pandas", "ray", "scipy", "sklearn", "tensorboard", "torch")
"""Packages that take long to import; whoever presses Tab would wait for them."""


def options_are_described(subject: Subject) -> None:
    """Every argument and option has a help text."""
    for path, command in _commands(subject.cls.__name__, _command(subject.cls)):
        bare = [p.name for p in command.params if not getattr(p, "help", None) and not getattr(p, "hidden", False)]
        fix = 'Annotate it: Annotated[int, typer.Option(help="...")].'
        require(not bare, f"{path} says nothing of {', '.join(map(str, bare))}", fix)


def importing_costs_nothing(subject: Subject) -> None:
    """Importing its module brings in no package that takes long to import: what is slow is imported when called."""
    module = subject.cls.__module__
    code = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # The code is ours, and the module's name that of a function at hand.
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)  # noqa: S603
    if result.returncode:
        raise NotRunError(f"another process cannot import {module}: {result.stderr.strip().splitlines()[-1]}")
    heavy = result.stdout.split()
    require(not heavy, f"it imports {', '.join(heavy)}", "Import inside of the function.")


def name_is_free(subject: Subject) -> None:
    """Its name is that of no command of the core, nor of another distribution."""
    plugins = list(_plugins(subject.cls))
    if not plugins:
        raise NotRunError(f"no installed distribution offers it in the group '{KINDS['command'].group}'")
    for plugin in plugins:
        found = state(plugin)
        require(found == "ready", f"'{plugin.name}': {found}", "Choose another name for the entry point.")


def _command(target: Any) -> Any:
    """The command as Click knows it."""
    app = target
    if not isinstance(target, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.command(cls=getattr(target, "command_class", None))(target)
    return get_command(app)


def _commands(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """A command and those below it, each with its path."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(f"{path} {name}", below)


def _plugins(target: Any) -> Iterator[Plugin]:
    """Its entry points."""
    place = f"{target.__module__}:{target.__name__}"
    return (plugin for plugin in installed("command") if plugin.target == place)


CHECKS: tuple[Body, ...] = (has_docstring, options_are_described, importing_costs_nothing, name_is_free)
