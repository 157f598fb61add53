"""``cltk runs``: what was run, and any metric of it."""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pytest

from cltk.record import Record
from cltk.record_file import read_record, to_json
from tests.commandline import Cli

DATA = Path(__file__).parent.parent / "data"
OLD = "run-22b840a06105-seed0"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a run of version 1."""
    store = tmp_path / "runs"
    (store / OLD).mkdir(parents=True)
    shutil.copy(DATA / "finetune-v1.json", store / OLD / "record.json")
    return store


def test_runs_are_listed(cli: Cli, store: Path) -> None:
    (row,) = cli("runs", "list", "--store", store, "--json").json
    assert (row["id"], row["name"], row["seed"], row["status"]) == (OLD, "run", 0, "finished")
    assert row["accuracy"] == pytest.approx(0.18571428571428572)
    assert f"{OLD}  " in cli("runs", "list", "--store", store).out


def test_an_empty_store_is_said_to_be_empty(cli: Cli, tmp_path: Path) -> None:
    done = cli("runs", "list", "--store", tmp_path)
    assert (done.status, done.out) == (0, "")
    assert "There is no run" in done.said
    assert cli("runs", "list", "--store", tmp_path, "--json").json == []


def test_a_broken_run_is_named_and_the_others_listed(cli: Cli, store: Path) -> None:
    (store / "broken").mkdir()
    (store / "broken" / "record.json").write_text("{}")
    done = cli("runs", "list", "--store", store, "--json")
    assert len(done.json) == 1
    assert "Left out: " in done.said
    assert "broken" in done.said


def test_a_run_is_shown_as_it_was(cli: Cli, store: Path) -> None:
    shown = cli("runs", "show", "run-22b", "--store", store)
    assert shown.status == 0
    for text in ("finetune · mlp on split-digits", "diaz-cl-score", "0.3341", "after 5"):
        assert text in shown.out
    assert cli("runs", "show", OLD, "--store", store, "--json").json["schema"] == "cltk.run/2"


def test_what_looks_like_markup_is_text(cli: Cli, store: Path) -> None:
    path = store / OLD / "record.json"
    record = read_record(path)
    names = {"[/none]": 3, ":bug:": 4}
    entries = record.to_dict() | {"parameters": names, "bytes": names, "metrics": {"[red]": 0.5}}
    path.write_bytes(to_json(Record.model_validate(entries)))
    shown = cli("runs", "show", OLD, "--store", store)
    assert shown.status == 0, shown.err
    for text in ("[/none]", ":bug:", "[red]"):
        assert text in shown.out


def test_metrics_that_it_did_not_have_are_computed(cli: Cli, store: Path) -> None:
    asked = ["--metric", "operations", "--metric", "diaz-ms", "--metric", "diaz-cl-stability"]
    done = cli("runs", "show", OLD, "--store", store, "--json", *asked)
    assert done.json["metrics"]["operations"] == sum(done.json["operations"])
    assert done.json["metrics"]["diaz-ms"] == 1.0
    assert done.json["without_value"] == {"diaz-cl-stability": "undefined for what was measured"}
    shown = cli("runs", "show", OLD, "--store", store, *asked)
    assert "diaz-cl-stability: undefined for what was measured" in shown.out
    assert "diaz-bwt" not in shown.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "run-nothing"], "There is no run 'run-nothing'"),
        (["show", OLD, "--metric", "opperations"], "operations"),
        (["show", OLD, "--metric", "operations", "--metric", "operations"], "asked for twice"),
    ],
)
def test_what_is_refused(cli: Cli, store: Path, words: list[str], said: str) -> None:
    done = cli("runs", *words, "--store", store)
    assert done.status == 2
    assert said in done.said


def test_a_broken_run_is_removed_by_its_id(cli: Cli, store: Path) -> None:
    (store / "broken").mkdir()
    (store / "broken" / "record.json").write_text("{}")
    assert cli("runs", "rm", "brok", OLD, "--yes", "--store", store).status == 0
    assert list(store.iterdir()) == []


def test_nothing_is_removed_where_nobody_can_be_asked(cli: Cli, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    done = cli("runs", "rm", OLD, "--store", store)
    assert (done.status, "no terminal to ask" in done.said, "--yes" in done.said) == (2, True, True), done.err
    assert (store / OLD).exists()


def test_all_runs_that_there_are_not_are_told_at_once_and_not_all_that_there_are(cli: Cli, store: Path) -> None:
    done = cli("runs", "rm", OLD.replace("22b", "22c"), "nothing", "--yes", "--store", store)
    assert (done.status, "There is no run 'nothing'" in done.said) == (2, True)
    assert f"Did you mean '{OLD}'? All there are: cltk runs list" in done.said
    assert (store / OLD).exists()


class TestChoosing:
    """Which runs, in which order."""

    @pytest.fixture
    def several(self, cli: Cli, finetune: list[str], tmp_path: Path) -> Path:
        store = tmp_path / "several"
        for lr in ("0.01", "0.02"):
            cli(*finetune, "--store", store, "--sink", "none", "--strategy.classifier.lr", lr, "--scenario.tasks", 2)
        return store

    def test_runs_are_filtered_and_sorted_by_any_setting(self, cli: Cli, several: Path) -> None:
        rows = cli("runs", "list", "--store", several, "--json", "--where", "strategy.classifier.lr=0.02").json
        assert [row["settings"]["strategy.classifier.lr"] for row in rows] == [0.02]
        rows = cli("runs", "list", "--store", several, "--json", "--sort", "-strategy.classifier.lr").json
        assert [row["settings"]["strategy.classifier.lr"] for row in rows] == [0.02, 0.01]
        assert "strategy.classifier.lr=0.01" in cli("runs", "list", "--store", several).out
        done = cli("runs", "list", "--store", several, "--where", "lrr=1", "--where", "lr", "--sort", "-sed")
        assert done.status == 2
        assert all(wrong in done.said for wrong in ("'lrr'", "'lr' is not a condition", "'sed'"))

    def test_metrics_and_costs_are_columns_too_and_what_is_cut_off_has_none(self, cli: Cli, several: Path) -> None:
        rows = cli("runs", "list", "--store", several, "--json", "--sort", "-seconds").json
        assert rows[0]["seconds"] >= rows[1]["seconds"]
        path = several / rows[0]["id"] / "record.json"
        path.write_bytes(to_json(read_record(path).model_copy(update={"status": "interrupted"})))
        for column in ("accuracy", "-accuracy", "final-average-accuracy", "-chaudhry-forgetting"):
            found = cli("runs", "list", "--store", several, "--json", "--sort", column).json
            assert [row["id"] for row in found] == [rows[1]["id"], rows[0]["id"]], column
        assert found[1]["accuracy"] is None
        assert len(cli("runs", "list", "--store", several, "--where", "samples-replayed=0").out.splitlines()) == 3
        shown = cli("runs", "list", "--store", several, "--sort", "-samples-replayed").out
        assert "samples_replayed" in shown.splitlines()[0]
        done = cli("runs", "list", "--store", several, "--sort", "final-average-acuracy")
        assert "Did you mean 'final-average-accuracy'? All there are: cltk runs list --json" in done.said

    def test_runs_are_removed_by_condition_and_never_all(self, cli: Cli, several: Path) -> None:
        done = cli("runs", "rm", "--yes", "--store", several)
        assert (done.status, "No run is named" in done.said) == (2, True)
        assert cli("runs", "rm", "--where", "strategy.classifier.lr=0.02", "--yes", "--store", several).status == 0
        (left,) = cli("runs", "list", "--store", several, "--json").json
        assert left["settings"]["strategy.classifier.lr"] == 0.01
        assert cli("runs", "rm", left["id"], left["id"], "--yes", "--store", several).status == 0
        done = cli("runs", "rm", "--where", "seed=0", "--yes", "--store", several)
        assert (done.status, "Name the folder of another store" in done.said) == (2, True)

    def test_the_latest_is_shown_and_removed(self, cli: Cli, several: Path) -> None:
        run_id = cli("runs", "show", "latest", "--store", several, "--json").json["run_id"]
        assert cli("runs", "rm", "latest", "--yes", "--store", several).status == 0
        rest = [row["id"] for row in cli("runs", "list", "--store", several, "--json").json]
        assert len(rest) == 1
        assert run_id not in rest


class TestSeeds:
    """An experiment of several seeds, by the beginning that their ids share."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Path:
        return tmp_path / "runs"

    @pytest.fixture
    def ran(self, cli: Cli, finetune: list[str], store: Path) -> str:
        """What was printed when it was run."""
        options = ["--store", store, "--sink", "none", "--scenario.tasks", 2, "--metric", "normalised-forgetting"]
        cli(*finetune, *options, "--strategy.classifier.lr", 0.02, "--name", "other")
        return cli(*finetune, *options, "--seeds", "0..1", "--name", "seeds").out

    def test_the_result_is_shown_as_it_was_when_they_were_run(self, cli: Cli, store: Path, ran: str) -> None:
        shown = cli("runs", "show", "seeds", "--store", store)
        assert shown.status == 0, shown.err
        assert "95 % interval; by seed" in shown.out
        assert ran.startswith(shown.out.partition("normalised-forgetting:")[0])
        found = cli("runs", "show", "seeds", "--store", store, "--json", "--metric", "operations").json
        assert [run["seed"] for run in found["runs"]] == [0, 1]
        assert found["summary"]["operations"]["mean"] == sum(found["runs"][0]["operations"])

    def test_whatever_takes_a_run_takes_it(self, cli: Cli, store: Path, ran: str) -> None:
        found = cli("runs", "compare", "other", "seeds", "--store", store, "--json").json
        assert [run["status"] for run in found["cells"][1]["runs"]] == ["finished"] * 2
        page = Path(cli("open", "seeds", "--no-browser", "--store", store).out.strip())
        assert re.fullmatch(r"seeds-[0-9a-f]{12}\.html", page.name)
        assert "2 of 2 runs finished" in page.read_text()
        assert "@software{cltk" in cli("cite", "seeds", "--store", store).out
        assert cli("runs", "rm", "seeds", "--yes", "--store", store).err.count("Removed") == 2

    @pytest.mark.parametrize("command", [("runs", "show"), ("open",), ("cite",), ("runs", "compare")])
    def test_several_experiments_are_told_apart(self, cli: Cli, store: Path, ran: str, command: tuple[str]) -> None:
        for folder in list(store.glob("other-*")):
            record = read_record(folder / "record.json")
            again = store / f"seeds-again-seed{record.seed}"
            again.mkdir()
            (again / "record.json").write_bytes(to_json(record.model_copy(update={"run_id": again.name})))
        done = cli(*command, "seeds-", "--store", store)
        assert (done.status, "3 runs begin with 'seeds-', of several experiments" in done.said) == (2, True), done.said
        assert re.search(r"Give more of the id of one: seeds-[0-9a-f]{12}, seeds-again\.", done.said), done.said


def test_the_list_has_settings_that_differ_where_runs_have_them() -> None:
    """What one of two strategies alone has says nothing that its name does not."""
    from cltk.cli.run_rows import printed

    row = {"id": "a", "written": "2026-01-01 10:00:00", "name": "a", "seed": 0, "status": "finished", "accuracy": 0.5}
    replay = {"strategy.name": "replay", "generator.beta": 3}
    settings = [{**replay, "schedule.samples": 1}, {**replay, "schedule.samples": 2}, {"strategy.name": "finetune"}]
    listed = [listed["settings"] for listed in printed([row | each for each in settings])]
    assert listed == [
        "strategy=replay schedule.samples=1",
        "strategy=replay schedule.samples=2",
        "strategy=finetune",
    ]
