"""A field that is given no value has none in the runs of a study either, where its default is one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.record_file import read_record

FILE = """
name = "none"
seeds = [0]
scenario = { name = "split-digits", per_class = 10 }

[strategy]
name = "feedback-replay"
hidden = [8, 8]
latent_dim = 2
network = { steps = "null", epochs = 1, min_steps = 0 }
"""


def steps_of(store: Path) -> set[int | None]:
    records = [read_record(path) for path in store.glob("*/record.json")]
    assert all(record.finished for record in records)
    return {record.config["strategy"]["network"]["steps"] for record in records}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "none.toml"


def test_of_an_ablation(file: Path, cli: Callable[..., Any], store: Path) -> None:
    file.write_text(FILE + '[ablate.axes]\n"strategy.network.steps" = ["null", 3]\n')
    done = cli("ablate", file, "--store", store, "--sink", "none", "--json")
    assert (done.status, done.json["finished"]) == (0, 2), done.err
    assert [cell["name"] for cell in done.json["cells"]] == ["steps=null", "steps=3"]
    assert steps_of(store) == {None, 3}
    assert "steps = &#34;null&#34;" in cli("report", "none", "--store", store, "--html").out


def test_of_a_search_and_of_what_it_chooses(file: Path, cli: Callable[..., Any], store: Path) -> None:
    file.write_text(FILE + '[tune]\ntrials = 2\n[tune.space]\n"strategy.network.lr" = [1e-3, 1e-2]\n')
    done = cli("tune", file, "--store", store, "--sink", "none", "--json")
    assert done.status == 0, done.err
    assert steps_of(store) == {None}
    chosen = tomllib.loads((store / "studies" / "none" / "chosen.toml").read_text())
    assert chosen["strategy"]["network"]["steps"] == "null"
