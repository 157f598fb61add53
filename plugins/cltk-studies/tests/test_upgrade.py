"""Studies that cltk 0.1 left behind are found again, and made anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest

from cltk_studies.questions.search import SEARCH_1, Search
from cltk_studies.work.database import open_database
from cltk_studies.work.journal import journal_path
from cltk_studies.work.queue import Queue

Cli = Callable[..., Any]
Write = Callable[..., Path]

SQLITE = Path(__file__).parent / "data" / "optuna-v1.sql"
"""What cltk 0.1 left in an ``optuna.db``: an ablation 'small' of four runs, a search 'search', and what follows it."""

AXIS = '[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n'
TUNE = '[tune]\ntrials = 3\n[schedule]\nname = "fixed"\n'


def make_old(queue: Queue, definition: dict[str, Any], fingerprint: dict[str, Any]) -> None:
    """Leaves in a queue what an earlier version would have left there."""
    queue.study.set_user_attr("cltk_study", definition)
    queue.study.set_user_attr("cltk_fingerprint", fingerprint)


@pytest.fixture
def old_ablation(write: Write, cli: Cli, store: Path) -> Path:
    """An ablation of 0.1 in the database: its cells have other hashes, and say nothing of versions."""
    file = write(AXIS, seeds="[0]")
    assert cli("ablate", file, "--store", store).status == 0
    queue = Queue(open_database(store), "small")
    definition = queue.definition
    assert definition is not None
    for number, cell in enumerate(definition["cells"]):
        del cell["plugins"]
        cell["config_hash"] = f"{number:012}"
    del definition["objective"]
    cells = {cell["name"]: cell["config_hash"] for cell in definition["cells"]}
    make_old(queue, definition, {"kind": "ablation", "seeds": [0], "baseline": definition["baseline"], "cells": cells})
    (store / "studies" / "small" / "study.json").unlink()
    return file


def test_an_ablation_goes_on_under_its_name(old_ablation: Path, cli: Cli, store: Path) -> None:
    done = cli("ablate", old_ablation, "--store", store, "--json")
    assert done.status == 0, done.err
    assert done.json["finished"] == 2


def test_another_ablation_is_refused_all_the_same(old_ablation: Path, cli: Cli, store: Path) -> None:
    old_ablation.write_text(old_ablation.read_text().replace("epochs = 1", "epochs = 2"))
    done = cli("ablate", old_ablation, "--store", store)
    assert done.status == 2
    assert "differs in cells" in done.said


def test_runs_of_other_versions_are_not_mixed_in(write: Write, cli: Cli, store: Path) -> None:
    file = write(AXIS, seeds="[0]")
    assert cli("ablate", file, "--store", store).status == 0
    path = store / "studies" / "small" / "study.json"
    path.write_text(path.read_text().replace("cltk-mlp 0.", "cltk-mlp 9."))
    assert cli("report", "small", "--store", store, "--json").json["finished"] == 0
    plan = cli("ablate", file, "--store", store, "--dry-run")
    assert "made with other versions" in plan.said
    assert "cltk-mlp 9." in plan.said


def test_a_component_edited_in_place_is_said(
    write: Write, cli: Cli, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(AXIS, seeds="[0]")
    assert cli("ablate", file, "--store", store).status == 0
    monkeypatch.setattr("cltk.resolve.digest_of", lambda module: "edited" if module.startswith("cltk_mlp") else "")
    again = cli("ablate", file, "--store", store)
    assert again.status == 0
    assert "cltk-mlp" in again.said
    assert "edited in place" in again.said


def test_a_search_begins_anew_beside_its_earlier_trials(write: Write, cli: Cli, store: Path) -> None:
    file = write(TUNE, seeds="[0]")
    file.write_text(file.read_text().replace("finetune", "experience-replay"))
    options = [file, "--budget", 50, "--store", store, "--json"]
    assert cli("tune", *options).status == 0
    queue = Queue(open_database(store), "small")
    search = Search.model_validate(queue.definition)
    assert search.allocation is not None
    shared = search.model_dump(mode="json", include={"name", "experiment", "dimensions", "seeds", "test_seeds"})
    own = search.allocation.model_dump(mode="json")
    make_old(queue, {"schema": SEARCH_1, "description": "", **shared, **own}, {"kind": "tuning", **shared, **own})

    done = cli("tune", *options)
    assert done.status == 0, done.err
    assert "kept in the database as 'small (1)'" in done.said
    backend = open_database(store).backend
    assert {"small", "small (1)", "small-test"} == set(optuna.get_all_study_names(backend))
    assert len(optuna.load_study(study_name="small", storage=backend).trials) == 3
    assert len(done.json["trials"]) == 3


def test_the_old_name_of_the_option_works_with_a_notice(write: Write, cli: Cli, store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    done = cli("ablate", write(AXIS, seeds="[0]"), "--store", store, "--storage", folder)
    assert done.status == 0, done.err
    assert "called '--study-db'" in done.said
    assert journal_path(folder).exists()
    assert not journal_path(store).exists()
    done = cli("worker", "small", "--store", store, CLTK_STORAGE=str(folder))
    assert done.status == 0, done.err
    assert "CLTK_STUDY_DB" in done.said


def leave_database(store: Path, *changes: str) -> Path:
    """Leaves a store as cltk 0.1 did, with changes to its database."""
    store.mkdir()
    path = store / "optuna.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SQLITE.read_text())
        for change in changes:
            database.execute(change)
    return path


UNFINISHED = (
    "UPDATE trials SET state = 'WAITING' WHERE trial_id = 3",
    "UPDATE trials SET state = 'RUNNING' WHERE trial_id IN (4, 6)",
    "DELETE FROM trial_values WHERE trial_id IN (3, 4, 6)",
)
"""Two runs of the ablation and a trial of the search were not finished, and workers on two of them died."""


def test_studies_of_an_sqlite_database_are_found(cli: Cli, store: Path) -> None:
    path = leave_database(store)
    before = path.read_bytes()
    found = {each["name"]: each for each in cli("status", "--store", store, "--json").json}
    assert {name: each["counts"]["finished"] for name, each in found.items()} == {
        "small": 4, "search": 3, "search-test": 3,
    }  # fmt: skip
    assert found["small"]["best"] == {"lr=0.01": pytest.approx(0.161737, abs=1e-6)}
    done = cli("worker", "small", "--store", store, "--sink", "none")
    assert done.status == 0, done.err
    assert "4 of 4 runs of 'small' are finished" in done.said
    assert path.read_bytes() == before


@pytest.mark.parametrize(("name", "waiting"), [("small", 2), ("search", 1)])
def test_workers_do_not_go_on_with_what_it_left_to_do(name: str, waiting: int, cli: Cli, store: Path) -> None:
    leave_database(store, *UNFINISHED)
    counts = cli("status", name, "--store", store, "--json").json["counts"]
    assert (counts["waiting"], counts["running"]) == (waiting, 0)
    done = cli("worker", name, "--store", store, "--sink", "none")
    assert done.status == 2
    assert "was begun with cltk 0.1" in done.said
    assert f"cltk report {name}" in done.said


def test_an_ablation_of_an_sqlite_database_is_made_anew(write: Write, cli: Cli, store: Path) -> None:
    leave_database(store, *UNFINISHED)
    done = cli("ablate", write(AXIS), "--store", store, "--sink", "none", "--json")
    assert done.status == 0, done.err
    assert done.json["finished"] == 4
    changed = write(AXIS, epochs=2)
    assert "differs in cells" in cli("ablate", changed, "--store", store, "--sink", "none").said


def test_a_search_of_an_sqlite_database_is_kept_beside_a_new_one(write: Write, cli: Cli, store: Path) -> None:
    leave_database(store, *UNFINISHED)
    file = write(TUNE, name="search", seeds="[0]")
    file.write_text(file.read_text().replace("finetune", "experience-replay"))
    file.write_text(file.read_text().replace('description = "As small as it can be"\n', ""))
    done = cli("tune", file, "--budget", 50, "--store", store, "--sink", "none", "--json")
    assert done.status == 0, done.err
    assert "kept in the database as 'search (1)'" in done.said


def test_an_sqlite_database_that_cannot_be_read_is_named(cli: Cli, store: Path) -> None:
    store.mkdir()
    (store / "optuna.db").write_text("hello")
    done = cli("status", "--store", store)
    assert done.status == 2
    assert "'optuna.db' of cltk 0.1 in it cannot be read" in done.said
    assert [path.name for path in store.iterdir()] == ["optuna.db"]
