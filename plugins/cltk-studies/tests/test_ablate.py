"""``cltk ablate``: its plan, its table, what it refuses and what it leaves in MLflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.record_file import read_record

Write = Callable[..., Path]
Cli = Callable[..., Any]

AXIS = '[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n'
BROKEN = AXIS.replace("0.01]", "1e30]")

WIDE = f"""
name = "wide"
seeds = [0]
scenario = {{ name = "split-digits", per_class = 20 }}
strategy = {{ name = "joint", classifier = {{ epochs = 1, min_steps = 0 }} }}
classifier = {{ name = "mlp", hidden = [1000] }}
{AXIS}
"""
"""Joint training keeps its first weights, which are so many that PyTorch copies them with several threads."""


def client(store: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{store / 'mlflow.db'}")


class TestOneStudy:
    def test_it_plans_runs_compares_and_records(self, write: Write, cli: Cli, store: Path) -> None:
        file = write(AXIS)
        plan = cli("ablate", file, "--store", store, "--dry-run", "--json")
        assert plan.status == 0
        assert plan.json["runs"] == 4
        assert plan.json["seconds"] > 0
        assert not store.exists()

        done = cli("ablate", file, "--store", store)
        assert done.status == 0, done.err
        assert "4 runs to do" in done.err
        assert "4 of 4" in done.err
        assert "final-average-accuracy" in done.out
        assert "Differences are from 'lr=0.001'" in done.out

        again = cli("ablate", file, "--store", store, "--json")
        assert again.status == 0
        assert again.err == ""
        first, second = again.json["cells"]
        assert first["differences"] == {}
        assert second["differences"]["final-average-accuracy"]["n"] == 2
        assert second["settings"] == {"strategy": {"classifier": {"lr": 0.01}}}
        assert set(second["costs"]) == {"seconds", "samples replayed", "bytes"}
        for cell in again.json["cells"]:
            records = [read_record(store / run["run_id"] / "record.json") for run in cell["runs"]]
            mean = sum(record.metrics["final-average-accuracy"] for record in records) / 2
            assert cell["metrics"]["final-average-accuracy"]["mean"] == pytest.approx(mean)

        self.check_mlflow(store, again.json)
        assert "0 uploaded, 0 failed" in cli("sync", "--store", store).out

    def check_mlflow(self, store: Path, result: dict[str, Any]) -> None:
        opened = client(store)
        runs = opened.search_runs([opened.get_experiment_by_name("small").experiment_id])
        (parent,) = [run for run in runs if run.data.tags["kind"] == "study"]
        children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
        assert len(runs) == 1 + 2 + 4  # The study, its cells, and the seeds of each.
        assert {run.info.status for run in runs} == {"FINISHED"}
        means = {cell["name"]: cell["metrics"]["final-average-accuracy"]["mean"] for cell in result["cells"]}
        for child in children:
            assert child.data.metrics["final-average-accuracy"] == pytest.approx(means[child.data.tags["cell"]])
            assert "strategy.classifier.lr" in child.data.params
            assert len(opened.list_artifacts(child.info.run_id, "records")) == 2
        files = {file.path for file in opened.list_artifacts(parent.info.run_id)}
        assert {"study.json", "report.md", "result.json", "figures"} <= files


def test_a_failed_cell_is_recorded_and_the_others_go_on(write: Write, cli: Cli, store: Path) -> None:
    done = cli("ablate", write(BROKEN), "--store", store, "--json")
    assert done.status == 1
    assert "diverged" in done.err
    good, bad = done.json["cells"]
    assert [run["status"] for run in good["runs"]] == ["finished"] * 2
    assert [run["status"] for run in bad["runs"]] == ["failed"] * 2
    assert "diverged" in bad["runs"][0]["error"]
    again = cli("ablate", write(BROKEN), "--store", store)
    assert again.status == 1
    assert "Failed runs" in again.out


def test_what_another_study_has_run_is_not_run_again(write: Write, cli: Cli, store: Path) -> None:
    assert cli("ablate", write(AXIS), "--store", store).status == 0
    plan = cli("ablate", write(AXIS, name="other", seeds="[0, 1, 2]"), "--store", store, "--dry-run", "--json")
    assert [(cell["done"], cell["open"]) for cell in plan.json["cells"]] == [([0, 1], [2])] * 2


def test_copies_of_a_process_with_threads_learn_networks_that_threads_would_share(tmp_path: Path, store: Path) -> None:
    file = tmp_path / "wide.toml"
    file.write_text(WIDE)
    command = [sys.executable, "-m", "cltk", "ablate", file, "--store", store, "--sink", "none", "--workers", "2"]
    variables = os.environ | {"OMP_NUM_THREADS": "2"}
    done = subprocess.run([*command, "--threads", "1"], capture_output=True, timeout=200, env=variables)
    assert done.returncode == 0, done.stderr
    assert {read_record(path).status for path in store.glob("*/record.json")} == {"finished"}


def test_another_definition_under_the_same_name_is_refused(write: Write, cli: Cli, store: Path) -> None:
    assert cli("ablate", write(AXIS, seeds="[0]"), "--store", store).status == 0
    changed = cli("ablate", write(AXIS, seeds="[0]", epochs=2), "--store", store)
    assert changed.status == 2
    assert "another definition" in changed.said
    assert len(list(store.glob("*/record.json"))) == 2


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("", "no table [ablate]"),
        ("[ablate]\n", "no cell"),
        ('[ablate.axes]\n"shedule" = ["fixed"]\n', "Did you mean 'schedule'?"),
        ('[ablate.axes]\n"strategy.clasifier.lr" = [1]\n', "no field 'clasifier'"),
        ('[ablate.axes]\nstrategy = ["finetun"]\n', "Did you mean 'finetune'?"),
        (AXIS + '[ablate]\nbaseline = "lr=1"\n', "not valid TOML|has no cell"),
        ('[ablate]\nbaseline = "x"\n' + AXIS, "The study has no cell 'x'"),
        ("[ablate.axes]\nseeds = [1]\n", "does not exist"),
        ('[ablate.axes]\n"strategy.classifier.lr" = [-1.0]\n', "field 'classifier.lr'"),
        ('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 1e-3]\n', "Two cells"),
    ],
)
def test_mistakes_are_named_before_anything_runs(write: Write, cli: Cli, store: Path, table: str, problem: str) -> None:
    done = cli("ablate", write(table), "--store", store)
    assert done.status == 2
    assert any(part in done.said for part in problem.split("|")), done.said
    assert "Traceback" not in done.err
    assert not store.exists()


def test_a_server_that_is_down_costs_no_result(write: Write, cli: Cli, store: Path) -> None:
    done = cli("ablate", write(AXIS, seeds="[0]"), "--store", store, "--tracking-uri", "http://127.0.0.1:9", "--json")
    assert done.status == 0
    assert done.json["finished"] == 2
    assert "does not work" in done.said
    assert json.loads((store / "studies" / "small" / "study.json").read_text())["name"] == "small"


def test_a_finished_study_says_so_to_whoever_joins_it(write: Write, cli: Cli, store: Path) -> None:
    file = write(AXIS)
    assert cli("ablate", file, "--store", store, "--sink", "none").status == 0
    again = cli("ablate", file, "--store", store, "--sink", "none", "--dry-run")
    assert "Nothing to do: all runs are finished." in again.out
    joined = cli("worker", "small", "--store", store, "--sink", "none")
    assert (joined.status, "4 of 4 runs of 'small' are finished." in joined.said) == (0, True)
