"""The command line as its user meets it: arguments in; exit status, standard output and standard error out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from cltk import registry
from cltk.cli import main

QUICK = ["--strategy.classifier.epochs", "1", "--strategy.classifier.min-steps", "0", "--threads", "1"]
FINETUNE = ["run", "--scenario", "split-digits", "--strategy", "finetune", *QUICK]
REPLAY = ["run", "--scenario", "split-digits", *QUICK, "--generator.hidden", "16", "--generator.latent-dim", "4"]
REPLAY += ["--strategy.generator.epochs", "1", "--strategy.generator.min-steps", "0"]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def said(self) -> str:
        """Standard error as one line without its frames."""
        return " ".join(re.sub(r"[│╭╮╰╯─]", " ", self.err).split())


Cli = Callable[..., Done]


def run_cli(*args: object, **environment: str) -> Done:
    """Runs a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["cltk", *map(str, args)])
        patch.setenv("COLUMNS", "1000")
        for name, value in environment.items():
            patch.setenv(name, value)
        torch.set_num_threads(1)
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
    return Done(status, out.getvalue(), err.getvalue())


def run_child(*args: object, **environment: str) -> Done:
    """Runs a command in a process of its own."""
    command = [sys.executable, "-m", "cltk", *map(str, args)]
    variables = os.environ | {"COLUMNS": "1000"} | environment
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True, env=variables)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def cli() -> Cli:
    return run_cli


@pytest.fixture(scope="session")
def child() -> Cli:
    return run_child


@pytest.fixture(scope="session")
def finetune() -> list[str]:
    """The quickest run."""
    return FINETUNE


@pytest.fixture(scope="session")
def replay() -> list[str]:
    """Generative replay, as quick as it can be."""
    return REPLAY


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One store for runs that do not mind others beside them: making one takes long."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, and without data sets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLTK_DATA_DIR", raising=False)


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs a schedule ``odd`` of the distribution ``acme``, from the text of its module."""

    def install(source: str, requires: str = "cltk-core") -> None:
        metadata = tmp_path / "site" / "acme-1.2.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: acme\nVersion: 1.2\nRequires-Dist: {requires}\n"
        )
        (metadata / "entry_points.txt").write_text("[cltk.schedules]\nodd = acme_odd:Odd\n")
        (tmp_path / "site" / "acme_odd.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path / "site")
        monkeypatch.delitem(sys.modules, "acme_odd", raising=False)
        forget()

    yield install
    forget()


def forget() -> None:
    registry._scanned.cache_clear()
    registry.installed.cache_clear()
