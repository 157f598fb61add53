"""A study that is called again with more cells, or seeds, is the same study."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk_studies.work.database import open_database
from cltk_studies.work.queue import Queue

Write = Callable[..., Path]
Cli = Callable[..., Any]


def axis(*rates: float) -> str:
    return f'[ablate.axes]\n"strategy.classifier.lr" = {list(rates)}\n'


@pytest.fixture
def options(store: Path) -> list[object]:
    return ["--store", store, "--sink", "none", "--json"]


def test_seeds_and_cells_are_added_and_nothing_is_run_again(
    write: Write, cli: Cli, store: Path, options: list[object]
) -> None:
    assert cli("ablate", write(axis(0.001, 0.01), seeds="[0]"), *options).status == 0
    before = {path: path.stat().st_mtime_ns for path in store.glob("*/record.json")}
    plan = cli("ablate", write(axis(0.001, 0.1), seeds="[1]"), *options, "--dry-run")
    assert {cell["name"]: (cell["done"], cell["open"]) for cell in plan.json["cells"]} == {
        "lr=0.01": ([0], [1]),
        "lr=0.001": ([0], [1]),
        "lr=0.1": ([], [0, 1]),
    }
    done = cli("ablate", write(axis(0.001, 0.1), seeds="[1]"), *options)
    assert done.status == 0, done.err
    assert done.json["finished"] == 6
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert {cell["name"] for cell in done.json["cells"]} == {"lr=0.001", "lr=0.01", "lr=0.1"}


def test_test_seeds_are_added_to_a_search_whose_comparison_was_stopped(
    write: Write, cli: Cli, store: Path, options: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cltk_studies.work.stopping._PERIOD", 0.0)  # Such short runs would end before anybody looks.
    file = write('[tune]\ntrials = 2\n[tune.space]\n"strategy.classifier.lr" = { low = 0.001, high = 0.01 }\n')
    first = cli("tune", file, *options, "--test-seeds", 5)
    assert first.status == 0, first.err
    before = {path: path.stat().st_mtime_ns for path in store.glob("*/record.json")}
    Queue(open_database(store), "small-test").signals.stop("somebody called cltk stop")
    more = cli("tune", file, *options, "--test-seeds", 6)
    assert more.status == 0, more.err
    assert more.json["test_seeds"] == [5, 6]
    assert more.json["test"]["finished"] == 4
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    other = cli("tune", file, *options, "--seeds", 7)
    assert other.status == 2
    assert "differs in seeds" in other.said


def test_the_same_in_a_folder_that_another_machine_has_records_of(
    write: Write, cli: Cli, tmp_path: Path, options: list[object]
) -> None:
    """What a study is, the folder says; this machine's store knows nothing of it."""
    where = ["--study-db", tmp_path / "shared"]
    assert cli("ablate", write(axis(0.001, 0.01), seeds="[0]"), *where, *options).status == 0
    other = ["--store", tmp_path / "elsewhere", "--sink", "none"]
    changed = cli("ablate", write(axis(0.001), seeds="[0]", epochs=2), *where, *other)
    assert changed.status == 2
    assert "differs in cells: lr=0.001" in changed.said
    assert cli("ablate", write(axis(0.1), seeds="[0]"), *where, *other).status == 1  # Records are on another machine.
    status = cli("status", "small", *where, "--json").json
    assert status["counts"]["finished"] == 3
