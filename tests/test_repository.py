"""What people who carry the work on find: files that agree with one another."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import cltk
from tests.commandline import Cli, run_cli

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"


def test_the_citation_is_of_this_version() -> None:
    assert f"\nversion: {cltk.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_the_workflow_calls_what_everybody_calls() -> None:
    text = (GITHUB / "workflows" / "ci.yml").read_text()
    for script in re.findall(r"run: .*?(\.ci/\w+)", text):
        assert os.access(ROOT / script, os.X_OK)
    assert ".ci/run" in text
    versions = re.findall(r'"(3\.\d+)"', text.partition("matrix:")[2])
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert lowest == f">={versions[0]}"


def test_the_form_for_bugs_asks_for_a_command_that_there_is() -> None:
    (command,) = re.findall(r"label: cltk (.*)", (GITHUB / "ISSUE_TEMPLATE" / "bug.yml").read_text())
    done = run_cli(*command.split())
    assert done.status in (0, 3), done.err
    assert {"distribution", "version", "state"} <= set(json.loads(done.out)["plugins"][0])


def test_the_commands_of_contributing_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (ROOT / path).exists()
    helped: Cli = run_cli
    for command in ("new", "check"):
        assert f"cltk plugins {command}" in text
        assert helped("plugins", command, "--help").status == 0
