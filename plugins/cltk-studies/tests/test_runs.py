"""``cltk runs compare`` and ``export``, and the list that they choose from."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.mappings import deep_merge
from cltk.record_file import read_record, to_json
from cltk_studies.answers.of_runs import compare_runs, telling_settings

Cli = Callable[..., Any]
OLD = Path(__file__).parent / "data" / "runs-v1"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A store with two configurations of three seeds each."""
    return Path(shutil.copytree(OLD, tmp_path / "runs"))


def ids(cli: Cli, runs: Path, *options: str) -> list[str]:
    return [row["id"] for row in cli("runs", "list", "--store", runs, "--json", *options).json]


def test_two_runs_are_compared_over_all_their_seeds(cli: Cli, runs: Path) -> None:
    first, *_, last = ids(cli, runs, "--sort", "schedule")
    done = cli("runs", "compare", first, last, "--store", runs)
    assert done.status == 0, done.err
    assert "Settings that differ" in done.out
    assert "schedule.name" in done.out
    found = cli("runs", "compare", first, last, "--store", runs, "--json").json
    assert [len(cell["runs"]) for cell in found["cells"]] == [3, 3]
    assert found["cells"][1]["differences"]["final-average-accuracy"]["n"] == 3


def test_csv_has_a_row_a_run(cli: Cli, runs: Path) -> None:
    text = cli("runs", "export", "--store", runs, "--column", "accuracy", "--column", "schedule.name").out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6
    assert set(rows[0]) == {"id", "accuracy", "schedule.name"}
    assert {row["schedule.name"] for row in rows} == {"equal", "linear"}


def test_conditions_choose_what_is_exported_and_compared(cli: Cli, runs: Path) -> None:
    conditions = ("--where", "schedule=linear", "--where", "seed=1")
    (chosen,) = ids(cli, runs, *conditions)
    text = cli("runs", "export", "--store", runs, *conditions, "--column", "accuracy").out
    assert [row["id"] for row in csv.DictReader(io.StringIO(text))] == [chosen]
    assert cli("runs", "export", chosen, "--where", "seed=2", "--store", runs).status == 2
    found = cli("runs", "compare", "--where", "seed=0", "--store", runs, "--json").json
    assert [len(cell["runs"]) for cell in found["cells"]] == [3, 3]


def test_latex_has_a_row_a_configuration_with_the_best_in_bold(cli: Cli, runs: Path) -> None:
    columns = ("final-average-accuracy", "chaudhry-forgetting", "seconds")
    options = [word for column in columns for word in ("--column", column)]
    text = cli("runs", "export", "--store", runs, "--format", "latex", *options).out
    rows = [line for line in text.splitlines() if line.startswith(("equal", "linear"))]
    assert text.startswith(r"\begin{tabular}{lrrr}")
    assert [row.count("&") for row in rows] == [3, 3]
    assert sum(row.count(r"\mathbf") for row in rows) == 1  # They forget alike, and seconds have no direction.
    assert all(r"\pm" in row and row.endswith(r"\\ % n = 3: 0, 1, 2") for row in rows)
    assert r"chaudhry-forgetting $\downarrow$" in text


def test_a_study_is_exported_with_all_its_seeds_whatever_they_were_run_for(cli: Cli, runs: Path) -> None:
    for run_id in ids(cli, runs, "--where", "seed=0"):
        path = runs / run_id / "record.json"
        record = read_record(path)
        path.write_bytes(to_json(record.model_copy(update={"config": record.config | {"name": "elsewhere"}})))
    definition = runs / "studies" / "old-study" / "study.json"
    definition.write_text(definition.read_text().replace('"baseline": "equal, a"', '"baseline": "linear, hard"'))
    study = ("runs", "export", "--store", runs, "--name", "old-study")
    column = ("--column", "final-average-accuracy")
    rows = list(csv.DictReader(io.StringIO(cli(*study, "--column", "name").out)))
    assert sorted(row["name"] for row in rows) == ["elsewhere"] * 2 + ["old-study"] * 4
    report = cli("report", "old-study", "--store", runs, "--json").json
    text = cli(*study, "--format", "latex", *column).out
    for cell in report["cells"]:
        assert f"{cell['metrics']['final-average-accuracy']['mean']:.4f}" in text
    assert text.count("% n = 3: 0, 1, 2") == 2
    assert "differs from 'linear, hard'" in text
    part = cli(*study, "--format", "latex", *column, "--where", "schedule=linear", "--where", "seed=1").out
    assert ("% n = 1: 1" in part, part.count("% n")) == (True, 1)
    compared = cli("runs", "compare", "--store", runs, "--name", "old-study", "--where", "seed=0", "--json").json
    assert compared == report | {"description": compared["description"]}
    done = cli(*study[:-1], "elsewhere", "--format", "latex", *column)
    assert done.out.count("% n = 1: 0") == 2
    done = cli(*study, "--where", "name=other")
    assert (done.status, "no run with name=other" in done.said) == (2, True)


def test_columns_have_the_same_names_in_latex_and_csv(cli: Cli, runs: Path) -> None:
    names = [
        "accuracy",
        "final-average-accuracy",
        "samples-replayed",
        "seconds",
        "schedule",
        "strategy.classifier.epochs",
    ]
    options = [word for name in names for word in ("--column", name)]
    export = ("runs", "export", "--store", runs, *options)
    rows = list(csv.DictReader(io.StringIO(cli(*export).out)))
    assert list(rows[0]) == ["id", *names]
    text = cli(*export, "--format", "latex").out
    (linear,) = (line for line in text.splitlines() if line.startswith("linear"))
    cells = linear.partition(r" \\")[0].split(" & ")
    assert cells[1] == cells[2]
    assert cells[5:] == ["linear", next(row["strategy.classifier.epochs"] for row in rows)]


def test_what_is_alike_in_all_rows_is_not_bold_and_intervals_have_the_decimals_of_their_means(
    cli: Cli, runs: Path
) -> None:
    columns = ("diaz-ms", "seconds")
    options = [word for column in columns for word in ("--column", column)]
    text = cli("runs", "export", "--store", runs, "--format", "latex", *options).out
    assert r"\mathbf" not in text
    numbers = re.findall(r"\$([\d.]+) \\pm ([\d.]+)", text)
    assert numbers
    assert all(len(mean.partition(".")[2]) == len(interval.partition(".")[2]) for mean, interval in numbers)


def test_a_file_has_the_format_that_its_name_ends_with_and_is_named(cli: Cli, runs: Path, tmp_path: Path) -> None:
    for name, beginning in {"out.tex": r"\begin{tabular}", "out.csv": "id,", "out": "id,"}.items():
        done = cli("runs", "export", "--store", runs, "-o", tmp_path / name)
        assert (done.status, done.out, str(tmp_path / name) in done.said) == (0, "", True)
        assert (tmp_path / name).read_text().startswith(beginning)
    cli("runs", "export", "--store", runs, "-o", tmp_path / "out.tex", "--format", "csv")
    assert (tmp_path / "out.tex").read_text().startswith("id,")


def test_runs_of_one_experiment_are_not_compared(cli: Cli, runs: Path) -> None:
    first, second = ids(cli, runs, "--sort", "schedule")[:2]
    done = cli("runs", "compare", first, second, "--store", runs)
    assert (done.status, done.out) == (2, "")
    assert "the runs are of one experiment" in done.said


def test_parquet_says_what_it_needs_or_is_written(cli: Cli, runs: Path, tmp_path: Path) -> None:
    done = cli("runs", "export", "--store", runs, "--format", "parquet", "-o", tmp_path / "runs.parquet")
    if done.status:
        assert "cltk-studies[parquet]" in done.said
    else:
        assert (tmp_path / "runs.parquet").stat().st_size
    assert cli("runs", "export", "--store", runs, "--format", "parquet").status == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "--format", "xml"], "no format 'xml'"),
        (["export", "--format", "latex", "--column", "acuracy"], "no column 'acuracy'"),
        (["export", "--column", "acuracy"], "no column 'acuracy'"),
        (["compare", "run-nothing"], "no run 'run-nothing'"),
        (["export", "--name", "nothing", "--format", "latex"], "no run with name=nothing"),
        (["export", "--where", "seed=7", "--name", "x"], "no run with seed=7 and name=x"),
        (["export", "--where", "sed=7"], "Did you mean 'seed'?"),
        (["compare"], "No run is named."),
        (["compare", "--where", "schedule=linear"], "the runs are of one experiment"),
    ],
)
def test_what_is_refused(cli: Cli, runs: Path, words: list[str], said: str) -> None:
    done = cli("runs", *words, "--store", runs)
    assert (done.status, said in done.said) == (2, True), done.said


def test_all_columns_that_there_are_not_are_told_at_once(cli: Cli, runs: Path) -> None:
    for form in ("csv", "latex"):
        done = cli("runs", "export", "--format", form, "--column", "acc", "--column", "sec", "--store", runs)
        assert (done.status, "no column 'acc'" in done.said, "no column 'sec'" in done.said) == (2, True, True)


def test_a_file_that_cannot_be_written_is_named(cli: Cli, runs: Path) -> None:
    (runs / "file").touch()
    commands = (["runs", "export"], ["report", "old-study", "--html"], ["report", "old-study", "--figures"])
    for command in commands:
        option = [] if command[-1] == "--figures" else ["--output"]
        done = cli(*command, *option, runs / "file" / "it", "--store", runs)
        assert (done.status, f"Cannot write '{runs / 'file' / 'it'}'" in done.said) == (1, True), done.err


def test_axes_are_options(cli: Cli, store: Path) -> None:
    axes = ["--axis", "strategy=finetune,joint", "--axis", "strategy.classifier.lr=0.01,0.02", "--dry-run", "--json"]
    done = cli("ablate", "--scenario", "split-digits", *axes, "--store", store, "--sink", "none")
    assert done.status == 0, done.err
    assert [cell["name"] for cell in done.json["cells"]][:2] == ["finetune, lr=0.01", "finetune, lr=0.02"]
    done = cli("ablate", "--axis", "schedule")
    assert (done.status, "--axis schedule: The axis 'schedule' has no values" in done.said) == (2, True)


def test_what_tells_runs_apart_is_what_differs_where_they_have_it() -> None:
    vae = {"strategy.name": "replay", "generator.name": "vae", "generator.beta": 1.0}
    runs = [{"strategy.name": "finetune"}, {**vae, "generator.latent_dim": 2}, {**vae, "generator.latent_dim": 20}]
    assert telling_settings(runs) == [
        {"strategy.name": "finetune"},
        {"strategy.name": "replay", "generator.latent_dim": 2},
        {"strategy.name": "replay", "generator.latent_dim": 20},
    ]


def test_configurations_of_one_component_are_called_by_what_differs_among_them(runs: Path) -> None:
    records = [read_record(path) for path in runs.glob("*/record.json")]
    short = next(record for record in records if record.config["schedule"]["name"] == "equal")
    changes = {"another": {"name": "another"}, "long": {"classifier": {"epochs": 7}}}
    another, long = (
        short.model_copy(update={"config": deep_merge(short.config, {"strategy": changed}), "config_hash": name})
        for name, changed in changes.items()
    )
    names = [cell.name for cell in compare_runs([short, long, another]).cells]
    assert names == ["generative-replay, epochs=1", "generative-replay, epochs=7", "another"]
