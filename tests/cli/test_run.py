"""``cltk run``: what it prints, what it keeps, and what it does when something goes wrong on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.record import Record
from cltk.record_file import read_record

Cli = Callable[..., Any]


def client(store: Path) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(f"sqlite:///{store / 'mlflow.db'}")


def runs_of(store: Path, experiment: str) -> dict[str, Any]:
    """The MLflow runs of an experiment by their kind and seed, such as ``run 0``."""
    opened = client(store)
    found = opened.search_runs([opened.get_experiment_by_name(experiment).experiment_id])
    return {f"{run.data.tags['kind']} {run.data.tags.get('seed', '')}".strip(): run for run in found}


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    return Record.model_validate(record).without_timings()


@pytest.fixture(scope="module")
def one(cli: Cli, replay: list[str], store: Path) -> Any:
    return cli(*replay, "--store", store, "--json", "--name", "one")


@pytest.fixture(scope="module")
def two(cli: Cli, finetune: list[str], store: Path) -> Any:
    return cli(*finetune, "--store", store, "--json", "--name", "two", "--seeds", "0..1")


class TestOneSeed:
    def test_json_is_all_that_standard_output_holds(self, one: Any) -> None:
        assert one.status == 0
        assert one.out.lstrip().startswith("{")
        assert one.json["status"] == "finished"
        assert one.err == ""

    def test_the_record_has_all_that_is_promised(self, one: Any) -> None:
        record = one.json
        for key in ("schema", "run_id", "config", "config_hash", "seed", "plugins", "device", "precision", "threads"):
            assert key in record
        assert [len(row) for row in record["accuracy"]] == [5] * 6
        assert record["plugins"]["generator"] == "cltk-vae 0.2.0"
        assert record["config"]["generator"] == {"name": "vae", "hidden": [16], "latent_dim": 4, "beta": 1.0}
        assert record["parameters"]["total"] == record["parameters"]["classifier"] + record["parameters"]["generator"]
        assert record["bytes"]["total"] == 4 * record["parameters"]["total"]
        assert record["replay"]["counts"] == [0, *record["samples"][1:]]
        assert set(record["seconds"]) == {"total", "classifier", "generator"}
        assert record["threads"] == 1

    def test_the_folder_holds_the_same_record(self, one: Any, store: Path) -> None:
        folder = store / one.json["run_id"]
        assert read_record(folder / "record.json") == Record.model_validate(one.json)
        assert {path.name for path in folder.iterdir()} == {
            "experiment.toml",
            "mlflow.json",
            "record.json",
            "replay.npz",
            "weights.safetensors",
        }

    def test_mlflow_has_the_run(self, one: Any, store: Path) -> None:
        run = runs_of(store, "one")["run 0"]
        assert run.info.status == "FINISHED"
        for name, value in one.json["metrics"].items():
            assert value in (pytest.approx(logged) for logged in run.data.metrics.values()), name
        assert run.data.params["generator.latent_dim"] == "4"
        names = {file.path for file in client(store).list_artifacts(run.info.run_id)}
        assert {"record.json", "experiment.toml", "weights.safetensors"} <= names

    def test_the_experiment_that_was_kept_gives_the_same_result_in_another_process(
        self, child: Cli, one: Any, store: Path
    ) -> None:
        kept = store / one.json["run_id"] / "experiment.toml"
        again = child("run", kept, "--threads", 1, "--store", "again", "--json")
        assert again.status == 0, again.err
        assert timeless(again.json) == timeless(one.json)


class TestSeveralSeeds:
    def test_json_has_the_runs_and_their_summary(self, two: Any) -> None:
        assert two.status == 0
        assert [run["seed"] for run in two.json["runs"]] == [0, 1]
        values = [run["metrics"]["final-average-accuracy"] for run in two.json["runs"]]
        summary = two.json["summary"]["final-average-accuracy"]
        assert summary["mean"] == pytest.approx(sum(values) / 2)
        assert set(summary) == {"mean", "std", "ci95"}
        assert values[0] != values[1]

    def test_mlflow_groups_them(self, two: Any, store: Path) -> None:
        runs = runs_of(store, "two")
        assert set(runs) == {"seeds", "run 0", "run 1"}
        parent = runs["seeds"].info.run_id
        assert {runs[f"run {seed}"].data.tags["mlflow.parentRunId"] for seed in (0, 1)} == {parent}
        assert {run.info.status for run in runs.values()} == {"FINISHED"}

    def test_the_tables_show_the_summary(self, cli: Cli, finetune: list[str], store: Path) -> None:
        done = cli(*finetune, "--store", store, "--seeds", "2,3", "--name", "tables")
        assert done.status == 0
        assert "Mean accuracy on each task (%) over 2 seeds, ± deviation" in done.out
        assert "seed 2, task 1 of 5" in done.err
        assert "seed 3, task 5 of 5" in done.err


class TestGoingOn:
    SHORT = ("--scenario.per-class", "5", "--sink", "none")

    def test_a_seed_that_is_finished_is_not_trained_again(self, cli: Cli, finetune: list[str], tmp_path: Path) -> None:
        command = [*finetune, *self.SHORT, "--store", tmp_path, "--seeds"]
        first = cli(*command, 0, "--json").json
        before = (tmp_path / first["run_id"] / "record.json").read_bytes()
        done = cli(*command, "0,1", "--json")
        assert "Going on with what was begun before: 1 of 2 seeds finished" in done.said
        assert (tmp_path / first["run_id"] / "record.json").read_bytes() == before
        assert [run["status"] for run in done.json["runs"]] == ["finished", "finished"]

    def test_an_experiment_that_is_finished_is_run_anew(self, cli: Cli, finetune: list[str], tmp_path: Path) -> None:
        command = [*finetune, *self.SHORT, "--store", tmp_path]
        assert [cli(*command).err.count("task 5 of 5") for _ in range(2)] == [1, 1]


class TestOutput:
    def test_tables_go_to_standard_output_and_a_line_a_task_to_standard_error(
        self, cli: Cli, finetune: list[str], store: Path
    ) -> None:
        done = cli(*finetune, "--store", store)
        assert done.status == 0
        assert "Accuracy on each task (%)" in done.out
        assert "final-average-accuracy" in done.out
        assert [line.partition(":")[0] for line in done.err.splitlines()] == [
            f"seed 0, task {task} of 5" for task in range(1, 6)
        ]

    def test_quiet_says_nothing_on_the_way(self, cli: Cli, finetune: list[str], store: Path) -> None:
        done = cli(*finetune, "--store", store, "--quiet")
        assert done.err == ""
        assert done.out


class TestPrecedence:
    def test_the_command_line_wins_over_variables_over_the_file(
        self, cli: Cli, store: Path, finetune: list[str], tmp_path: Path
    ) -> None:
        file = tmp_path / "a.toml"
        file.write_text(
            'name = "layers"\nscenario = "split-digits"\nclassifier = { hidden = [9] }\n'
            "[strategy]\nname = 'finetune'\n[strategy.classifier]\n"
            "epochs = 1\nmin-steps = 0\nbatch-size = 64\nlr = 0.01\nweight-decay = 0.5\n"
        )
        done = cli(
            *("run", file, "--threads", 1, "--store", store, "--json", "--strategy.classifier.lr", "0.03"),
            CLTK_STRATEGY__CLASSIFIER__BATCH_SIZE="32",
            CLTK_STRATEGY__CLASSIFIER__LR="0.02",
            CLTK_SEEDS="7",
        )
        assert done.status == 0, done.err
        training = done.json["config"]["strategy"]["classifier"]
        assert [training[name] for name in ("weight_decay", "batch_size", "lr")] == [0.5, 32, 0.03]
        assert done.json["seed"] == 7
        assert done.json["config"]["classifier"]["hidden"] == [9]

    def test_a_component_and_its_field_may_both_be_variables(self, cli: Cli, store: Path, replay: list[str]) -> None:
        variables = {"CLTK_SCHEDULE": "fixed", "CLTK_SCHEDULE__SAMPLES": "3"}
        done = cli(*replay, "--scenario.tasks", 2, "--store", store, "--json", **variables)
        assert done.status == 0, done.err
        assert done.json["config"]["schedule"] == {"name": "fixed", "samples": 3}
        assert done.json["replay"]["counts"] == [0, 3]

    def test_a_field_may_come_before_its_component(self, cli: Cli, store: Path, replay: list[str]) -> None:
        options = ["--schedule.samples", 4, "--schedule", "fixed"]
        done = cli(*replay, *options, "--scenario.tasks", 2, "--store", store, "--json")
        assert done.json["replay"]["counts"] == [0, 4]


class TestFallback:
    def test_without_data_an_unnamed_scenario_becomes_the_digits_and_says_so(
        self, cli: Cli, store: Path, replay: list[str]
    ) -> None:
        unnamed = [word for word in replay if word not in ("--scenario", "split-digits")]
        done = cli(*unnamed, "--scenario.tasks", 2, "--store", store, "--json")
        assert done.status == 0
        assert "running on split-digits instead" in done.said
        assert "cltk data fetch split-mnist" in done.said
        assert done.json["config"]["scenario"]["name"] == "split-digits"
        assert "running on split-digits instead" in done.json["warnings"][0]


class TestTrouble:
    def test_a_diverged_run_ends_with_1_and_a_record(self, cli: Cli, store: Path, finetune: list[str]) -> None:
        done = cli(*finetune, "--strategy.classifier.lr", "1e30", "--store", store, "--json", "--name", "diverged")
        assert done.status == 1
        assert (done.json["status"], done.json["diverged"]) == ("failed", True)
        assert "task 1, phase 'classifier'" in done.json["error"]
        assert "--strategy.classifier.lr" in done.said
        assert read_record(store / done.json["run_id"] / "record.json").status == "failed"
        assert runs_of(store, "diverged")["run 0"].info.status == "FAILED"

    def test_going_on_regardless_warns(self, cli: Cli, store: Path, replay: list[str], tmp_path: Path) -> None:
        file = tmp_path / "a.toml"
        file.write_text('on-divergence = "warn"\n')
        command = ["run", file, *replay[1:], "--strategy.generator.lr", "1e30", "--scenario.tasks", 2]
        done = cli(*command, "--store", store, "--json")
        assert done.status == 0, done.err
        warnings = "\n".join(done.json["warnings"])
        assert "phase 'generator': in epoch 1" in warnings
        assert "posterior collapse" in warnings

    def test_a_server_that_is_down_costs_no_result(self, cli: Cli, finetune: list[str], tmp_path: Path) -> None:
        done = cli(*finetune, "--store", "kept", "--tracking-uri", "http://127.0.0.1:9", "--json")
        assert done.status == 0
        assert done.json["status"] == "finished"
        assert "cltk sync --store kept" in done.said
        assert "Traceback" not in done.err
        assert read_record(tmp_path / "kept" / done.json["run_id"] / "record.json").status == "finished"
        synced = cli("sync", "--store", "kept")
        assert (synced.status, synced.out) == (0, "1 uploaded, 0 failed\n")
        assert runs_of(tmp_path / "kept", "run")["run 0"].info.status == "FINISHED"

    def test_a_mistake_in_a_component_fails_the_run_alone(
        self, cli: Cli, store: Path, replay: list[str], plugin: Callable[[str], None]
    ) -> None:
        plugin(
            "from cltk.interfaces import ReplaySchedule\n"
            "class Odd(ReplaySchedule):\n"
            "    def count(self, completed, current):\n        raise ValueError('odd mistake')\n"
        )
        done = cli(*replay, "--schedule", "odd", "--store", store, "--seeds", "0,1", "--json")
        assert done.status == 1
        assert [(run["status"], run["diverged"]) for run in done.json["runs"]] == [("failed", False)] * 2
        assert done.json["summary"] == {}
        assert "ValueError: odd mistake (in task 2; see " in done.said
        assert "Traceback" not in done.err
        trace = (store / done.json["runs"][0]["run_id"] / "traceback.txt").read_text()
        assert "acme_odd.py" in trace

    def test_an_interrupt_ends_with_130_and_keeps_the_record(self, finetune: list[str], tmp_path: Path) -> None:
        budget = ["--scenario.per-class", "5", "--strategy.classifier.epochs", "4000"]
        command = [sys.executable, "-m", "cltk", *finetune, *budget, "--store", "kept", "--json"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            records = [json.loads(path.read_bytes()) for path in tmp_path.glob("kept/*/record.json")]
            if records and len(records[0]["accuracy"]) > 1:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 130, err
        assert "Traceback" not in err
        assert "Seed 0 interrupted" in err
        record = json.loads(out)
        assert record["status"] == "interrupted"
        assert len(record["accuracy"]) > 1
        (kept,) = tmp_path.glob("kept/*/record.json")
        assert read_record(kept).to_dict() == record
