"""Studies that cltk 0.1 made: reported as they were, with metrics of today beside."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]

OLD = Path(__file__).parent.parent / "data" / "runs-v1"

METRICS = '''
from cltk.interfaces import GroupMetric, Metric


class Confused(Metric):
    """The share of labels that are mistaken for another."""

    direction = "minimize"

    def value(self, history):
        matrix = history.confusion[-1]
        return 1 - sum(row[i] for i, row in enumerate(matrix)) / sum(map(sum, matrix))


class First(Metric):
    """The accuracy on the first task in the end."""

    def value(self, history):
        return history.after(1, history.tasks)


class Spread(GroupMetric):
    """The largest difference of the final accuracy between two seeds."""

    direction = "minimize"

    def value(self, records, references):
        finals = [record.final_accuracy for record in records]
        return max(finals) - min(finals)


class Gain(GroupMetric):
    """What the mean final accuracy gains over joint training."""

    low = -1.0

    def references(self, config):
        return {"joint": {"strategy": {"name": "joint"}}}

    def value(self, records, references):
        return 0.0
'''


@pytest.fixture
def old_store(tmp_path: Path) -> Path:
    return shutil.copytree(OLD, tmp_path / "old")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a third party's metrics, installed after the study was made."""
    folder = tmp_path / "site"
    metadata = folder / "acme-1.2.dist-info"
    metadata.mkdir(parents=True)
    (folder / "acme.py").write_text(METRICS)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
    names = {"confused": "Confused", "first": "First", "spread": "Spread", "gain": "Gain"}
    lines = [f"acme-{name} = acme:{cls}" for name, cls in names.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[cltk.metrics]", *lines]) + "\n")
    return folder


def test_it_is_reported_as_it_was(cli: Cli, old_store: Path) -> None:
    report = cli("report", "old-study", "--store", old_store, "--json").json
    stored = {run["run_id"]: run["metrics"] for cell in report["cells"] for run in cell["runs"]}
    assert len(stored) == report["finished"] == report["total"] == 6
    for run_id, metrics in stored.items():
        assert metrics == json.loads((old_store / run_id / "record.json").read_text())["metrics"]
    means = {cell["name"]: cell["metrics"]["diaz-ce"]["mean"] for cell in report["cells"]}
    assert means == {"equal, a": pytest.approx(0.53374, abs=1e-5), "linear, hard": pytest.approx(0.40504, abs=1e-5)}


def test_metrics_of_today_stand_beside(child: Cli, old_store: Path, site: Path) -> None:
    """Of one run and of several, of third parties, and those that such a record cannot give."""
    named = ("acme-first", "acme-confused", "acme-spread", "acme-gain")
    options = [word for name in named for word in ("--metric", name)]
    done = child("report", "old-study", *options, "--store", old_store, "--json", PYTHONPATH=str(site))
    assert done.status == 0, done.err
    report = done.json
    assert list(report["directions"])[:4] == list(named)
    assert report["directions"]["acme-spread"] == "minimize"
    for cell in report["cells"]:
        records = [json.loads((old_store / run["run_id"] / "record.json").read_text()) for run in cell["runs"]]
        finals = [record["metrics"]["final-average-accuracy"] for record in records]
        assert [run["metrics"]["acme-first"] for run in cell["runs"]] == [row["accuracy"][-1][0] for row in records]
        assert cell["metrics"]["acme-spread"]["mean"] == pytest.approx(max(finals) - min(finals))
        assert cell["metrics"]["final-average-accuracy"]["n"] == 3
        assert cell["without_value"]["acme-confused"].startswith("not in a record of version 1")
        assert "joint" in cell["without_value"]["acme-gain"]


def test_the_tables_say_what_such_a_record_lacks(child: Cli, old_store: Path, site: Path) -> None:
    done = child("report", "old-study", "--metric", "acme-confused", "--store", old_store, PYTHONPATH=str(site))
    assert done.status == 0, done.err
    assert "not in a record of version 1: confusion" in done.out


def test_what_is_better_is_marked(cli: Cli, old_store: Path) -> None:
    text = cli("report", "old-study", "--store", old_store, "--markdown", "--objective", "diaz-ce").out
    rows = [line for line in text.splitlines() if line.startswith("| diaz-ce ↑")]
    assert rows == ["| diaz-ce ↑ | equal, a | 3 | 0.5337 ± 0.0000 * | baseline |  |"]
    assert "| chaudhry-forgetting ↓ |" in text
    assert "No p value (-) where nothing can be inferred: the differences do not vary." in text


@pytest.mark.parametrize("option", ["--metric", "--objective"])
def test_a_metric_that_is_not_there(cli: Cli, old_store: Path, option: str) -> None:
    done = cli("report", "old-study", "--store", old_store, option, "diaz-sc")
    assert done.status == 2
    assert "There is no metric 'diaz-sc'" in done.said
