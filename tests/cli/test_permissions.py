"""Folders that the user may not read or write, or that there cannot be, and a standard output that is closed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.commandline import Cli, Done

_DROPPED = "-dac_override,-dac_read_search"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no modes of files")


def run_unprivileged(*words: object) -> Done:
    """Runs a command as a user whom the modes of files concern, as they do not concern root."""
    prefix: Sequence[str] = ()
    if os.getuid() == 0:
        if not (setpriv := shutil.which("setpriv")):
            pytest.skip("the modes of files do not concern root")
        prefix = [setpriv, f"--bounding-set={_DROPPED}", f"--inh-caps={_DROPPED}"]
    command = [*prefix, sys.executable, "-m", "cltk", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"COLUMNS": "1000"})
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_run_of_somebody_else_is_named(cli: Cli, finetune: list[str], tmp_path: Path, mode: int) -> None:
    words = [*finetune, "--sink", "none", "--store", tmp_path / "runs"]
    assert cli(*words).status == 0
    (run,) = (tmp_path / "runs").glob("run-*")
    run.chmod(mode)
    done = run_unprivileged(*words)
    run.chmod(0o700)
    assert done.status == 1
    assert f"{run}/" in done.said
    assert "Permission denied" in done.said
    assert "should not have" not in done.said


def test_a_name_that_is_too_long_is_named(cli: Cli, finetune: list[str], tmp_path: Path) -> None:
    done = cli(*finetune, "--store", tmp_path / ("a" * 300))
    assert done.status == 1
    assert "File name too long" in done.said
    assert "should not have" not in done.said


def test_a_closed_standard_output_fails_no_command(tmp_path: Path) -> None:
    command = f"exec {sys.executable} -m cltk runs list --store {tmp_path} >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, "should not have" in done.stderr) == (0, False)
