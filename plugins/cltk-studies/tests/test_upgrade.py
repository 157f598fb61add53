"""Studies that cltk 0.1 left behind are found again, and made anew."""

from __future__ import annotations

from collections.abc import Callable
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
