"""A study keeps to the threads and the precision that it was made with, whoever works on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cltk.machine import Machine
from cltk.runs.reading import read_records
from cltk_studies.work.database import open_database
from cltk_studies.work.queue import Queue

Cli = Callable[..., Any]
Write = Callable[..., Path]

AXES = '[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n'


def circumstances(store: Path) -> set[tuple[int, str]]:
    return {(record.threads, record.precision) for record in read_records(store)[0]}


def test_what_is_added_is_computed_as_what_is_there(write: Write, cli: Cli, store: Path) -> None:
    where = ["--store", store, "--sink", "none", "--json"]
    assert cli("ablate", write(AXES, seeds="[0]"), *where).status == 0
    more = cli("ablate", write(AXES, seeds="[0, 1]"), *where, "--threads", 2, "--precision", "bf16")
    assert more.status == 0, more.err
    assert more.json["finished"] == 4
    assert circumstances(store) == {(1, "fp32")}
    assert "computed as it was begun: in fp32, with --threads 1" in more.err


def test_a_worker_computes_as_the_study_was_begun(write: Write, cli: Cli, store: Path) -> None:
    queue = Queue(open_database(store), "small", ["maximize"])
    queue.settle(Machine(threads=2, precision="bf16"))
    begun = cli("ablate", write(AXES, seeds="[0]"), "--store", store, "--sink", "none", "--workers", 2)
    assert begun.status == 0, begun.err
    assert circumstances(store) == {(2, "bf16")}


def test_the_comparison_after_a_search_too(cli: Cli, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "rate.toml"
    file.write_text(
        'name = "rate"\nseeds = [0]\nscenario = { name = "split-digits", per_class = 20 }\n'
        'strategy = { name = "finetune", classifier = { epochs = 1, min_steps = 0 } }\n'
        '[tune]\ntrials = 2\nspace."strategy.classifier.lr" = [0.001, 0.01]\n'
    )
    done = cli("tune", file, "--store", store, "--sink", "none", "--threads", 2, "--json")
    assert done.status == 0, done.err
    assert done.json["test"] is not None
    assert circumstances(store) == {(2, "fp32")}
