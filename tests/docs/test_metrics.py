"""The page of metrics: its formulas, worked on its matrix, come to what the metrics say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cltk.interfaces import History
from cltk.registry import find, installed, load
from tests.docs.pages import DOCS, Shell, blocks

TEXT = (DOCS / "metrics.md").read_text()
ROWS = re.findall(r"^\| (?:before training|after task \d) \| (.+) \|$", TEXT, re.MULTILINE)
WORKED = re.findall(r"^\| `([\w-]+)` \| .+ \| (.+) \| (-?[\d.]+) \|$", TEXT, re.MULTILINE)


@pytest.fixture
def history() -> History:
    rows = tuple(tuple(float(cell) for cell in row.split(" | ")) for row in ROWS)
    return History(rows, (1,) * 3, (0,) * 3, 1, (1,) * 3, (1,) * 3)


@pytest.mark.parametrize(("name", "arithmetic", "value"), WORKED, ids=[row[0] for row in WORKED])
def test_the_worked_values_are_those_of_the_metrics(history: History, name: str, arithmetic: str, value: str) -> None:
    metric = load(find("metric", name))
    assert f"{metric(metric.Config()).value(history):.3f}" == value
    by_hand = eval(arithmetic.replace("−", "-"), {"max": max})  # noqa: S307
    assert by_hand == pytest.approx(float(value), abs=0.001)


def test_every_metric_is_on_the_page() -> None:
    assert len(WORKED) == 11
    ours = {plugin.name for plugin in installed("metric") if plugin.distribution == "cltk-metrics"}
    assert {name for name in ours if f"`{name}`" not in TEXT} == set()


def test_its_commands_run(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"CLTK_THREADS": "1", "CLTK_SINK": "none", "CLTK_STRATEGY__CLASSIFIER__MIN_STEPS": "0"})
    for block in blocks("metrics.md", "sh"):
        printed = shell.type(block.text)
    assert "learning-accuracy" in printed
