"""Wrong commands."""

import importlib

import pytest
import typer

from cltk.registry import Plugin
from cltk.testing import ConformanceError, NotRunError, check_component, checks_of, commands

GOOD = '''
from typing import Annotated
import typer

def greet(number: Annotated[int, typer.Option(help="how often")] = 1) -> None:
    """Say hello."""
'''
WITHOUT_HELP = GOOD.replace('Annotated[int, typer.Option(help="how often")]', "int")
WITHOUT_DOCSTRING = GOOD.replace("Say hello.", "")
SLOW = f"import torch\n{GOOD}"


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Makes a command of its source, in a module that imports nothing else."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(source):
        name = f"command_{abs(hash(source))}"
        (tmp_path / f"{name}.py").write_text(source)
        return importlib.import_module(name).greet

    return make


def test_a_good_command_passes(command):
    check_component(command(GOOD))


@pytest.mark.parametrize(
    ("check", "source", "came"),
    [
        ("has-docstring", WITHOUT_DOCSTRING, "the first line is ''"),
        ("options-are-described", WITHOUT_HELP, "greet says nothing of number"),
        ("importing-costs-nothing", SLOW, "it imports torch"),
    ],
)
def test_each_defect_is_found_by_its_own_check(command, check, source, came):
    with pytest.raises(ConformanceError, match=came) as caught:
        check_component(command(source))
    assert caught.value.checks == (check,)


def test_a_group_is_checked_with_the_commands_below_it(command):
    app = typer.Typer(help="Greets.")
    app.command("first")(command(GOOD))
    app.command("second")(command(WITHOUT_HELP))
    paths = [path for path, _ in commands._commands("greet", commands._command(app))]
    assert paths == ["greet", "greet first", "greet second"]


def test_what_is_not_installed_has_no_name(command):
    with pytest.raises(NotRunError, match="no installed distribution offers it"):
        dict(checks_of(command(GOOD)))["name-is-free"]()


def test_a_name_that_is_taken_is_found(command, monkeypatch):
    greet = command(GOOD)
    plugins = [Plugin("command", "greet", f"{greet.__module__}:greet", name, "1", ()) for name in ("one", "two")]
    monkeypatch.setattr(commands, "installed", lambda kind: plugins)
    monkeypatch.setattr(commands, "state", lambda plugin: "name taken by two 1 too")
    with pytest.raises(ConformanceError, match="'greet': name taken by two 1 too"):
        dict(checks_of(greet))["name-is-free"]()
