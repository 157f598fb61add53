"""The command line as its user meets it: arguments in; exit status, standard output and standard error out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from cltk.cli import main

__all__ = ["Cli", "Done", "run_child", "run_cli"]


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
