"""A study's database that is away for a moment costs its workers nothing, whatever they were about to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Postgres

CLTK = [sys.executable, "-m", "cltk"]
STUDY = """
name = "small"
scenario = { name = "split-digits", per_class = 5 }
strategy = { name = "finetune", classifier = { epochs = 1 } }
[ablate.axes]
"strategy.classifier.lr" = [0.001]
"""


@pytest.mark.slow
def test_a_worker_that_begins_meanwhile_waits(tmp_path: Path) -> None:
    """A command starts workers anew for those that died, perhaps at just that moment."""
    file, store = tmp_path / "small.toml", tmp_path / "store"
    file.write_text(STUDY)
    with Postgres() as server, server.database() as url:
        options = ["--store", str(store), "--study-db", url, "--sink", "none"]
        subprocess.run([*CLTK, "ablate", str(file), *options], check=True, stdout=subprocess.DEVNULL)
        server.stop()
        command = [*CLTK, "worker", "small", *options, "--attached"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:
            assert worker.stderr is not None
            said = worker.stderr.readline()
            server.start()
            said += worker.stderr.read()
            assert worker.wait() == 0, said
    assert "It is tried again" in said
    assert "It works again." in said
