"""``cltk verify``: from the finished runs of a study to what components say of themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.interfaces import Published
from cltk.registry import find, load
from cltk.runs import verified

Write = Callable[..., Path]
Cli = Callable[..., Any]

CELLS = """
[[ablate.variants]]
name = "plain"

[[ablate.variants]]
name = "closed form"
strategy = "slda"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where values are kept, with SLDA saying that the cell 'closed form' of the study 'small' reproduces a figure."""
    figure = Published("split digits", 0.9, "arXiv 0000.00000", study="small", cell="closed form")
    monkeypatch.setattr(load(find("strategy", "slda")), "published", (figure,))
    monkeypatch.setattr(verified, "_path", lambda cls: tmp_path / "verified.json")
    return tmp_path / "verified.json"


def test_values_come_from_finished_runs_and_are_shown(write: Write, cli: Cli, store: Path, file: Path) -> None:
    study = write(CELLS)
    missing = cli("verify", "small", "--store", store)
    assert missing.status == 2
    assert not file.exists()
    assert cli("ablate", study, "--store", store).status == 0
    assert "no published figure" in cli("report", "small", "--store", store, "--markdown").out

    result = cli("verify", "small", "--store", store, "--json")
    assert result.status == 0, result.err
    assert [row["component"] for row in result.json] == ["slda"]
    kept = json.loads(file.read_text())["small"]["closed form"]["final-average-accuracy"]
    report = cli("report", "small", "--store", store, "--json").json
    (cell,) = [cell for cell in report["cells"] if cell["name"] == "closed form"]
    assert kept["config_hash"] == cell["config_hash"]
    assert sorted(kept["values"]) == ["0", "1"]
    mean = sum(kept["values"].values()) / 2
    assert mean == pytest.approx(cell["metrics"]["final-average-accuracy"]["mean"])

    assert f"{mean:.4f}" in cli("plugins", "show", "slda").out
    markdown = cli("report", "small", "--store", store, "--markdown").out
    assert f"| slda | split digits | {mean:.4f} ± 0.0000 (2) | 0.9000 | arXiv 0000.00000 |" in markdown
    assert re.search(r"\| (.*, )?finetune(, .*)? \| no published figure \|", markdown)


def test_a_study_that_verifies_nothing_is_refused(write: Write, cli: Cli, store: Path) -> None:
    axis = '[ablate.axes]\n"strategy.classifier.lr" = [0.001]\n'
    assert cli("ablate", write(axis), "--store", store).status == 0
    result = cli("verify", "small", "--store", store)
    assert result.status == 2
    assert "No component says" in result.err
