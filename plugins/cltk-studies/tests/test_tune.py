"""``cltk tune``: exact budgets, baselines, validation for choosing, and test data once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from cltk.record_file import read_record
from cltk_studies.questions.study import read_study, save_study
from cltk_studies.work.database import open_database

Cli = Callable[..., Any]

FILE = """
name = "spread"
seeds = [0, 1]

[scenario]
name = "split-digits"
per_class = 20

[strategy]
name = "experience-replay"
buffer = 50
classifier = { epochs = 2, min_steps = 0 }
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "spread.toml"
    path.write_text(FILE)
    return path


def test_a_budget_is_spread(file: Path, cli: Cli, store: Path) -> None:
    options = [file, "--budget", 101, "--store", store, "--sink", "none"]
    plan = cli("tune", *options, "--trials", 5, "--dry-run", "--json")
    assert plan.json["runs"] == 5
    assert plan.json["afterwards"]["runs"] == 10
    assert not store.exists()

    done = cli("tune", *options, "--trials", 5, "--json")
    assert done.status == 0, done.err
    assert "Few seeds (2 a trial, 2 on test data)" in done.err
    trials = {trial["name"]: trial["settings"]["counts"] for trial in done.json["trials"]}
    assert trials["zero"] == [0] * 5
    assert trials["uniform"] == [0, 26, 25, 25, 25]
    assert len(trials) == 5
    assert all(sum(counts) == 101 for name, counts in trials.items() if name != "zero")

    for run in (run for trial in done.json["trials"] for run in trial["runs"]):
        assert read_record(store / run["run_id"] / "record.json").config["evaluate"] == "validation"
    test = done.json["test"]
    assert test["seeds"] == [2, 3]
    names = {name for cell in test["cells"] for name in cell["name"].split(" = ")}
    assert names == {"chosen", "fixed", "linear", "equal", "none"}
    for run in (run for cell in test["cells"] for run in cell["runs"]):
        assert read_record(store / run["run_id"] / "record.json").config["evaluate"] == "test"

    text = Path(done.json["chosen"]["file"]).read_text()
    assert "# Over all tasks it replays 101 samples in an epoch, of a budget of 101." in text
    assert "# As in the search, scenario.validation = 0.1 keeps that share" in text
    chosen = tomllib.loads(text)
    assert chosen["schedule"]["counts"] == done.json["chosen"]["counts"]
    assert sum(chosen["schedule"]["counts"]) == 101
    plots = {path.name for path in (store / "studies" / "spread" / "figures").iterdir()}
    assert "history.png" in plots
    again = cli("run", done.json["chosen"]["file"], "--store", store, "--threads", 1, "--json")
    assert again.status == 0
    (cell,) = [cell for cell in test["cells"] if "chosen" in cell["name"]]
    accuracy = again.json["summary"]["final-average-accuracy"]["mean"]
    assert accuracy == pytest.approx(cell["metrics"]["final-average-accuracy"]["mean"])

    more = cli("tune", *options, "--trials", 6, "--json")
    assert more.status == 0
    assert len(more.json["trials"]) == 6
    study = optuna.load_study(study_name="spread", storage=open_database(store).backend)
    assert len(study.trials) == 6
    assert cli("tune", file, "--budget", 102, "--store", store).status == 2


def test_more_trials_may_choose_otherwise(file: Path, cli: Cli, store: Path) -> None:
    options = [file, "--budget", 100, "--seeds", 0, "--store", store]
    assert cli("tune", *options, "--trials", 4, "--json").status == 0
    before = read_study(store, "spread-test")
    cells = [cell.model_copy(update={"config_hash": f"{number:012}"}) for number, cell in enumerate(before.cells)]
    save_study(store, before.model_copy(update={"cells": tuple(cells)}))
    more = cli("tune", *options, "--trials", 5, "--json")
    assert more.status == 0, more.err
    assert {cell["name"] for cell in more.json["test"]["cells"]} == {cell.name for cell in before.cells}


def test_the_whole_trade_off(file: Path, cli: Cli, store: Path) -> None:
    file.write_text(FILE + '[tune]\npareto = true\ntrials = 4\nspace."strategy.buffer" = [20, 50]\n')
    done = cli("tune", file, "--store", store, "--json")
    assert done.status == 0, done.err
    assert done.json["budget"] is None
    assert {"zero", "uniform", "linear"} <= {trial["name"] for trial in done.json["trials"]}
    assert all("strategy.buffer" in trial["settings"] for trial in done.json["trials"])
    report = cli("report", "spread", "--store", store)
    assert "no other one beats" in report.out
    assert "spread-test" in report.out


def test_a_failed_trial_is_named_and_the_choice_is_made_among_the_others(file: Path, cli: Cli, store: Path) -> None:
    file.write_text(FILE + '[tune]\nbudget = 100\ntrials = 6\nspace."strategy.classifier.lr" = [1e-3, 1e30]\n')
    done = cli("tune", file, "--store", store, "--json")
    assert done.status == 1
    assert 0 < done.err.count("Training diverged") < 6
    assert done.json["test"]["finished"] == done.json["test"]["total"] > 0


def test_a_schedule_with_a_search_space_of_its_own_is_tuned(file: Path, cli: Cli, store: Path) -> None:
    done = cli("tune", file, "--pareto", "--schedule", "power", "--trials", 4, "--seeds", 0, "--store", store, "--json")
    assert done.status == 0, done.err
    settings = {trial["name"]: trial["settings"] for trial in done.json["trials"]}
    assert set(settings["trial 3"]) == {"counts", "schedule.per_task", "schedule.exponent"}
    assert settings["zero"] == {"counts": [0] * 5}


def test_any_metric_may_be_the_objective_and_its_class_gives_the_direction(file: Path, cli: Cli, store: Path) -> None:
    space = '[tune]\ntrials = 4\n[tune.space]\n"strategy.classifier.lr" = [1e-4, 1e-2, 1e-1]\n'
    file.write_text(FILE.replace("experience-replay", "finetune").replace("buffer = 50\n", "") + space)
    options = [file, "--store", store, "--objective", "chaudhry-forgetting", "--seeds", 0, "--json"]
    done = cli("tune", *options)
    assert done.status == 0, done.err
    values = [trial["metrics"]["chaudhry-forgetting"]["mean"] for trial in done.json["trials"]]
    assert done.json["chosen"]["objective"] == {"chaudhry-forgetting": min(values)}
    assert {name for cell in done.json["test"]["cells"] for name in cell["name"].split(" = ")} == {"chosen", "defaults"}
    other = cli("tune", file, "--store", store, "--seeds", 0)
    assert other.status == 2
    assert "differs in objective" in other.said


SPACE = "[tune]\nbudget = 100\n[tune.space]\n"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('"classifier.dropout" = [0.1, 1.5]', "1.5 for 'classifier.dropout'"),
        ('"classifier.dropout" = { low = 0.0, high = 2.0 }', "2.0 for 'classifier.dropout'"),
        ('"strategy.classifier.epochs" = { low = 0, high = 3 }', "0 for 'strategy.classifier.epochs'"),
        ('"strategy.classifier.epochs" = { low = 1.0, high = 3.0 }', "expected a whole number"),
        ('"strategy.classifier.epochs" = { low = true, high = 3 }', "no range for 'strategy.classifier.epochs'"),
        ('"strategy.classifier.lr" = { low = 1e-3, high = 1e-2, log = "no" }', "no range for 'strategy.classifier.lr'"),
        ('"classifier.droput" = [0.1, 0.2]', "no field 'droput'"),
        ('"generator.latent_dim" = [2, 3]', "no use for a generator"),
    ],
)
def test_both_ends_of_a_range_are_tried_before_anything_is_queued(
    file: Path, cli: Cli, store: Path, entry: str, problem: str
) -> None:
    file.write_text(FILE + SPACE + entry + "\n")
    done = cli("tune", file, "--store", store)
    assert done.status == 2
    assert problem in done.said
    assert not store.exists()


def test_a_field_is_tried_with_every_component_that_it_can_meet(file: Path, cli: Cli, store: Path) -> None:
    space = '[tune.space]\nstrategy = ["gdumb", "finetune"]\n"strategy.buffer" = [20, 50]\n'
    file.write_text(FILE.replace("experience-replay", "gdumb") + space)
    done = cli("tune", file, "--store", store)
    assert done.status == 2
    assert "20 for 'strategy.buffer' with 'finetune' for 'strategy', which cannot be" in done.said
    assert "with 'gdumb'" not in done.said
    assert not store.exists()


def test_a_field_without_effect_is_said(file: Path, cli: Cli, store: Path) -> None:
    file.write_text(f'{FILE}[tune.space]\n"strategy.classifier.momentum" = {{ low = 0.1, high = 0.9 }}\n')
    plan = cli("tune", file, "--store", store, "--dry-run")
    assert plan.status == 0, plan.err
    assert "strategy.classifier.momentum has no effect: the optimizer is adam" in plan.said


def test_a_component_may_be_chosen_by_the_name_in_its_slot(file: Path, cli: Cli, store: Path) -> None:
    space = '[tune.space]\n"strategy.name" = ["gdumb", "finetune"]\n"strategy.buffer" = [20, 50]\n'
    file.write_text(FILE.replace("experience-replay", "gdumb") + space)
    done = cli("tune", file, "--store", store)
    assert (done.status, store.exists()) == (2, False)
    assert "20 for 'strategy.buffer' with 'finetune' for 'strategy', which cannot be" in done.said


def test_fields_that_exclude_each_other_are_found_out_before_anything_is_queued(
    file: Path, cli: Cli, store: Path
) -> None:
    space = (
        '[tune.space]\n"strategy.replay.targets" = ["learned", "all"]\n"strategy.replay.active" = ["all", "so-far"]\n'
    )
    replay = FILE.replace("experience-replay", "generative-replay").replace("buffer = 50\n", "")
    file.write_text(replay + space)
    done = cli("tune", file, "--generator", "gaussian-mixture", "--store", store)
    assert (done.status, store.exists()) == (2, False)
    assert (
        "'all' for 'strategy.replay.targets' with 'so-far' for 'strategy.replay.active', which cannot be" in done.said
    )


@pytest.mark.parametrize(
    ("seeds", "test_seeds", "notice"),
    [
        ("0", "1..3", "Few seeds (1 a trial, 3 on test data): chance may choose. More"),
        ("0..2", "3", "Few seeds (3 a trial, 1 on test data): no difference can be tested. More"),
        ("0..2", "3..5", ""),
    ],
)
def test_what_few_seeds_mean_is_said(
    file: Path, cli: Cli, store: Path, seeds: str, test_seeds: str, notice: str
) -> None:
    options = ["--budget", 101, "--seeds", seeds, "--test-seeds", test_seeds, "--dry-run"]
    done = cli("tune", file, "--store", store, *options)
    assert done.status == 0
    assert notice in done.err
    assert ("Few seeds" in done.err) == bool(notice)


def test_a_component_that_no_trial_has_is_not_tried(file: Path, cli: Cli, store: Path) -> None:
    space = '[tune.space]\nstrategy = ["gdumb", "icarl"]\n"strategy.buffer" = [20, 50]\n'
    file.write_text(FILE.replace("experience-replay", "finetune").replace("buffer = 50\n", "") + space)
    assert cli("tune", file, "--store", store, "--dry-run").status == 0


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "either a budget"),
        (["--budget", 100, "--trials", 2], "2 trials are too few"),
        (["--budget", 100, "--objective", "final-averge-accuracy"], "Did you mean 'final-average-accuracy'?"),
        (["--budget", 100, "--objective", "intransigence"], "compares runs with those of other experiments"),
        (["--budget", 3], "cannot be spread over 5 tasks"),
        (["--budget", 100, "--test-seeds", "1,2"], "seeds of the tuning too"),
        (["--budget", 100, "--strategy", "finetune"], "has no schedule"),
        (["--budget", 100, "--strategy.bufer", 3], "no field 'bufer'"),
    ],
)
def test_mistakes_are_named_before_anything_runs(
    file: Path, cli: Cli, store: Path, options: list[Any], problem: str
) -> None:
    done = cli("tune", file, "--store", store, *options)
    assert done.status == 2
    assert problem in done.said
    assert not store.exists()
