"""``cltk run --from-run``: a recorded run once more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cltk.record_file import read_record, to_json
from cltk.runs.claim import claimed
from tests.commandline import Cli


@pytest.fixture
def recorded(cli: Cli, finetune: list[str], tmp_path: Path) -> str:
    done = cli(*finetune, "--store", tmp_path, "--seeds", 3, "--json", "--strategy.classifier.lr", "0.01")
    return str(done.json["run_id"])


def test_it_comes_out_the_same(cli: Cli, recorded: str, tmp_path: Path) -> None:
    before = (tmp_path / recorded / "record.json").read_bytes()
    done = cli("run", "--from-run", recorded, "--store", tmp_path)
    assert done.status == 0
    assert f"The result of '{recorded}' is the same again" in done.out
    assert (tmp_path / recorded / "record.json").read_bytes() == before
    repeated = read_record(tmp_path / "repeats" / recorded / "record.json")
    assert repeated.seed == 3
    assert repeated.config["strategy"]["classifier"]["lr"] == 0.01


def test_a_run_on_a_fallback_comes_out_the_same(cli: Cli, finetune: list[str], tmp_path: Path) -> None:
    unnamed = [word for word in finetune if word not in ("--scenario", "split-digits")]
    record = cli(*unnamed, "--store", tmp_path, "--json").json
    assert record["config"]["scenario"]["name"] == "split-digits"
    done = cli("run", "--from-run", record["run_id"], "--store", tmp_path, "--json")
    assert done.status == 0
    assert done.json["identical"] is True
    assert done.json["circumstances"] == []


def test_one_seed_of_several_is_repeated_in_the_same_circumstances(
    cli: Cli, finetune: list[str], tmp_path: Path
) -> None:
    records = cli(*finetune, "--seeds", "3,4", "--store", tmp_path, "--json").json["runs"]
    done = cli("run", "--from-run", records[1]["run_id"], "--store", tmp_path, "--json")
    assert (done.json["identical"], done.json["circumstances"]) == (True, [])


def test_what_differs_is_listed(cli: Cli, recorded: str, tmp_path: Path) -> None:
    path = tmp_path / recorded / "record.json"
    record = read_record(path)
    last = record.tasks[-1]
    accuracy = [value + 0.125 * (task == 2) for task, value in enumerate(last.accuracy)]
    tasks = [*record.tasks[:-1], last.model_copy(update={"accuracy": accuracy})]
    changed = {"tasks": tasks, "environment": record.environment | {"torch": "1.0"}}
    path.write_bytes(to_json(record.model_copy(update=changed)))
    done = cli("run", "--from-run", recorded, "--store", tmp_path)
    assert done.status == 1
    assert re.search(r"The circumstances differ:\n  environment.torch: 1.0 in the record, \S+ now\n", done.out)
    assert re.search(r"The result differs:\n  accuracy\.5\.2: [\d.]+ in the record, [\d.]+ now\n$", done.out)
    listed = cli("run", "--from-run", recorded, "--store", tmp_path, "--json").json
    assert [difference["name"] for difference in listed["results"]] == ["accuracy.5.2"]
    assert listed["identical"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from-run", "run-nothing"], "There is no run 'run-nothing'"),
        (["--from-run", "../../etc"], "There is no run '../../etc'"),
        (["--from-run", "x", "--seeds", "1"], "without --seeds"),
        (["--from-run", "x", "--generator.latent-dim", "1"], "without --generator"),
        (["experiment.toml", "--from-run", "x"], "without experiment.toml"),
        (["--from-run", "x", "--device", "cuda", "--threads", "2"], "without --device, --threads."),
        (["--from-run", "x", "--restart", "--print-config"], "without --resume/--restart, --print-config."),
        (["--from-run", "x", "--sink", "none", "--metric", "diaz-ce"], "--metric, --sink."),
    ],
)
def test_what_is_refused(cli: Cli, tmp_path: Path, words: list[str], said: str) -> None:
    done = cli("run", *words, "--store", tmp_path)
    assert done.status == 2
    assert said in done.said


def test_variables_that_would_be_ignored_are_refused(cli: Cli, tmp_path: Path) -> None:
    done = cli("run", "--from-run", "x", "--store", tmp_path, CLTK_THREADS="2", CLTK_GENERATOR__LATENT_DIM="3")
    assert (done.status, "without CLTK_THREADS, CLTK_GENERATOR__LATENT_DIM." in done.said) == (2, True), done.said


def test_two_at_once_are_refused(cli: Cli, recorded: str, tmp_path: Path) -> None:
    with claimed([tmp_path / "repeats" / recorded]):
        done = cli("run", "--from-run", recorded, "--store", tmp_path)
    assert done.status == 1
    assert "is being done by another process" in done.said


def test_a_damaged_record_is_named(cli: Cli, recorded: str, tmp_path: Path) -> None:
    path = tmp_path / recorded / "record.json"
    path.write_bytes(path.read_bytes().replace(b"0.01", b"0.02"))
    done = cli("run", "--from-run", recorded, "--store", tmp_path)
    assert done.status == 1
    assert "its checksum differs" in done.said
