"""Commands of the README and of pages that have no test of their own, on experiments of the names that they have there.

These experiments are on the digits and as small as can be.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import cltk
from tests.docs.pages import DOCS, Shell, blocks
from tests.servers import free_port

pytestmark = pytest.mark.slow

SMALL = """
scenario = "split-digits"
strategy = { name = "generative-replay", classifier = { steps = 2 }, generator = { steps = 2 } }
generator = { name = "vae", hidden = 8, latent_dim = 2 }
schedule = { name = "fixed", samples = 20 }
"""
QUICK = {"CLTK_SEEDS": "0", "CLTK_THREADS": "1", "CLTK_SINK": "none", "BROWSER": "true"}
SHORTER = {"47000": "60", "--trials 40": "--trials 4", "trials = 40": "trials = 4", "trials=20": "trials=2"}
"""What would take hours, and what stands in its place."""


def shortened(text: str) -> str:
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    return text


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A terminal in a folder with experiments of the names that the pages use."""
    (tmp_path / "experiments").mkdir()
    axes, variants, search = (shortened(table.text) for table in blocks("studies.md", "toml"))
    tables = {"schedules": axes, "variants": variants, "search": search, "genovese-2024": "", "beyond-published": ""}
    for name, table in tables.items():
        (tmp_path / "experiments" / f"{name}.toml").write_text(f'name = "{name}"\n{SMALL}{table}')
    return Shell(tmp_path, QUICK)


def test_those_of_studies(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (commands,) = blocks("studies.md", "sh")
    printed = shell.type(shortened(commands.text))
    assert "power" in printed
    assert "GDumb, 500 images" in shell.type("cltk ablate experiments/variants.toml --dry-run")
    shell.type("cltk tune experiments/search.toml --dry-run")
    assert len(list((shell.folder / "figures").glob("*.pdf"))) > 1
    (python,) = blocks("studies.md", "python")
    monkeypatch.chdir(shell.folder)
    names: dict[str, Any] = {"experiment": cltk.load("experiments/genovese-2024.toml", seeds="0")}
    exec(compile(shortened(python.text), "studies.md", "exec"), names)  # noqa: S102
    assert "learning-accuracy" in names["report"].metrics


def test_those_of_the_readme(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    _, commands, *_ = blocks("../README.md", "sh")
    epochs = "export CLTK_STRATEGY__CLASSIFIER__EPOCHS=1 CLTK_STRATEGY__CLASSIFIER__MIN_STEPS=0\n"
    printed = shell.type(epochs + shortened(commands.text.replace("jq .accuracy", "grep accuracy")))
    assert "learning-accuracy" in printed
    shutil.rmtree(shell.folder / "runs")  # Python does not heed the variables.
    monkeypatch.chdir(shell.folder)
    first, second, component = (block.text for block in blocks("../README.md", "python"))
    names: dict[str, Any] = {}
    exec(compile(first, "README.md", "exec"), names)  # noqa: S102
    exec(compile(second, "README.md", "exec"), names)  # noqa: S102
    assert len(names["digits"]) == 16
    exec(compile(component, "README.md", "exec"), names)  # noqa: S102
    schedule = names["Share"](names["Share"].Config(share=0.25), info=None)
    assert schedule.count(1, 10) == 2


def test_those_of_the_first_page(shell: Shell) -> None:
    experiment = next(blocks("index.md", "toml"))
    (shell.folder / "my-experiment.toml").write_text(experiment.text)
    commands = "".join(block.text for block in blocks("index.md", "sh"))
    assert re.findall("^cltk .*", commands, re.MULTILINE)
    assert "4000" in shell.type(re.sub("^(cltk run .*)$", r"\1 --print-config", commands, flags=re.MULTILINE))
    shell.type("cltk schema --write my-experiment.toml")
    assert (shell.folder / "my-experiment.toml").read_text().startswith("#:schema ")


def test_that_of_a_run_that_is_repeated(shell: Shell) -> None:
    shell.type("cltk run experiments/genovese-2024.toml\nunset CLTK_SEEDS CLTK_THREADS CLTK_SINK")
    (run,) = (shell.folder / "runs").glob("genovese-2024-*")
    command = next(blocks("recording.md", "sh")).text
    assert "the same again" in shell.type(re.sub(r"run-\w+-seed0", run.name, command)).lower()


@pytest.mark.parametrize("page", ["recording.md", "ui.md"])
def test_those_of_the_browser(page: str, tmp_path: Path) -> None:
    lines = [line.partition("#")[0].split() for block in blocks(page, "sh") for line in block.text.splitlines()]
    served = [line for line in lines if line[:2] == ["cltk", "ui"]]
    assert served
    for _, *words in served:
        port = [] if "--port" in words else ["--port", str(free_port())]
        command = [sys.executable, "-m", "cltk", *words, *port, "--no-browser"]
        with subprocess.Popen(
            command, cwd=tmp_path, env=os.environ | QUICK, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stderr is not None
            assert any(line.startswith("http://127.0.0.1:") for line in server.stderr)
            server.send_signal(signal.SIGINT)
        assert server.returncode == 0


def test_those_of_reliability_have_the_options_that_they_are_given() -> None:
    lines = [line.partition("#")[0] for block in blocks("reliability.md", "sh") for line in block.text.splitlines()]
    for line in lines:
        module = line.split()[2]
        done = subprocess.run(
            [sys.executable, "-m", module, "--help"], cwd=DOCS.parent, capture_output=True, text=True, check=True
        )
        assert all(option in done.stdout for option in re.findall(r"--[\w-]+", line))
