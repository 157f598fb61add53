"""What the first page shows of an experiment with mistakes is what the command says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commandline import run_cli
from tests.docs.pages import blocks


def test_the_message_is_that_of_its_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    experiment = next(blocks("index.md", "toml")).text
    (tmp_path / "my-experiment.toml").write_text(experiment.replace("refresh", "refesh").replace("2000", '"many"'))
    shown = next(blocks("index.md", "text")).text.partition("\n")[2]
    done = run_cli("run", "my-experiment.toml", COLUMNS="80")
    assert (done.status, done.err) == (2, shown)
