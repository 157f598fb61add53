"""The guide for plugin authors: every file on it is written, every command on it is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cltk.kinds import KINDS

GUIDE = Path(__file__).parent.parent / "docs" / "plugins" / "index.md"
FILE = re.compile(r"```\w+ title=\"(?P<path>[^\"]+)\"\n(?P<text>.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(?P<commands>.*?)```", re.DOTALL)
USES = {
    "scenario": "--strategy finetune",
    "strategy": "--scenario split-digits",
    "generator": "--scenario split-digits",
    "classifier": "--scenario split-digits --strategy finetune",
    "schedule": "--scenario split-digits --strategy experience-replay",
    "metric": "--scenario split-digits --strategy finetune",
    "sink": "--scenario split-digits --strategy finetune",
    "command": "",
}
"""What else is typed to use a plugin, by its kind; a launcher needs a study."""
QUICK = {
    "CLTK_STRATEGY__CLASSIFIER__EPOCHS": "1",
    "CLTK_STRATEGY__CLASSIFIER__MIN_STEPS": "0",
    "CLTK_THREADS": "1",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables of an environment to throw away: packages go to a folder of their own, runs are short."""
    return os.environ | QUICK | {"PYTHONPATH": str(tmp_path / "site")}


def execute(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Runs a command as it stands on the page, but for the place that packages are installed to."""
    program, *arguments = command.split()
    if program == "pip":
        assert arguments[:2] == ["install", "-e"]
        flags = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(folder / "site")]
        arguments = ["install", *flags, *arguments[2:]]
    if program == "pytest":
        arguments += ["--import-mode=importlib", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def commands(block: str) -> list[str]:
    return block.strip().splitlines()


@pytest.mark.slow
def test_what_the_guide_says_is_so(tmp_path: Path, environment: dict[str, str]) -> None:
    text = GUIDE.read_text()
    for file in FILE.finditer(text):
        path = tmp_path / "weight-anchor" / file["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["text"])
    execute("mypy --strict --no-incremental weight-anchor/cltk_weight_anchor", tmp_path, environment)
    hurry, by_hand = (commands(block["commands"]) for block in SHELL.finditer(text))
    short = environment | {"CLTK_STRATEGY__GENERATOR__EPOCHS": "1", "CLTK_STRATEGY__GENERATOR__MIN_STEPS": "0"}
    for command in [*hurry, *by_hand]:
        output = execute(command, tmp_path, short if "--generator" in command else environment)
        if command.startswith("cltk run"):
            assert "final-average-accuracy" in output


@pytest.mark.slow
@pytest.mark.parametrize("page", ["classifier.md", "generator.md", "metric.md", "sink.md"])
def test_the_example_of_a_page_passes_the_kit(tmp_path: Path, environment: dict[str, str], page: str) -> None:
    example = FILE.search((GUIDE.parent / page).read_text())
    assert example
    name = re.findall(r"^class (\w+)\(", example["text"], re.MULTILINE)[-1]
    (tmp_path / "example.py").write_text(example["text"])
    (tmp_path / "test_example.py").write_text(
        f"from cltk.testing import conformance_tests\nfrom example import {name}\n\n"
        f"test_conformance = conformance_tests({name})\n"
    )
    path = {"PYTHONPATH": str(tmp_path)}
    execute("mypy --strict --no-incremental example.py", tmp_path, environment | path)
    execute("pytest test_example.py", tmp_path, environment | path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_works_as_it_is(tmp_path: Path, environment: dict[str, str], kind: str) -> None:
    execute(f"cltk plugins new {kind} mine", tmp_path, environment)
    execute("pip install -e ./mine", tmp_path, environment)
    if kind in USES:
        assert execute(f"{KINDS[kind].usage('mine')} {USES[kind]}", tmp_path, environment)
    execute("pytest mine", tmp_path, environment)
    execute("mypy --strict --no-incremental mine/cltk_mine", tmp_path, environment)
