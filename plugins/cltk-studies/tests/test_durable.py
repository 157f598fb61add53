"""Studies that are killed go on, and end as if nothing had happened."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from cltk.record import Record
from cltk.record_file import read_record
from cltk_studies.work.database import open_database

Write = Callable[..., Path]
Start = Callable[..., Any]
Cli = Callable[..., Any]

GRID = """
[ablate.axes]
"strategy.classifier.lr" = [0.001, 0.003, 0.01, 0.03]
"strategy.classifier.batch_size" = [32, 64, 128]
"""


def records_of(store: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The records in a store by configuration and seed, without times."""
    records = [read_record(path) for path in store.glob("*/record.json")]
    found = {(record.config_hash, record.seed): timeless(record) for record in records}
    assert len(found) == len(records)
    return found


def timeless(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.without_timings().items() if name != "environment"}


def completions(store: Path, name: str) -> Counter[str]:
    """How often each item was finished."""
    study = optuna.load_study(study_name=name, storage=open_database(store).backend)
    done = study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))
    return Counter(trial.user_attrs["key"] for trial in done)


def finished(store: Path) -> int:
    return sum('"status": "finished"' in path.read_text() for path in store.glob("*/record.json"))


def test_a_killed_study_goes_on(write: Write, start: Start, cli: Cli, tmp_path: Path, store: Path) -> None:
    """Killed is the command alone: its workers notice, and end too."""
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01, 0.1]\n', epochs=30)
    command = start("ablate", file, "--store", store, "--workers", 2)
    command.wait_until(lambda: finished(store) > 1)
    command.kill(group=False)
    before = {path: path.stat().st_mtime for path in store.glob("*/record.json") if "finished" in path.read_text()}
    again = cli("ablate", file, "--store", store, "--json")
    assert again.status == 0, again.err
    assert again.json["finished"] == 6
    assert all(path.stat().st_mtime == then for path, then in before.items())
    assert set(completions(store, "small").values()) == {1}
    assert cli("ablate", file, "--store", tmp_path / "whole", "--quiet").status == 0
    assert records_of(store) == records_of(tmp_path / "whole")


def test_ctrl_c_ends_it_cleanly_with_what_is_done(write: Write, start: Start, cli: Cli, store: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01, 0.1]\n', epochs=300)
    command = start("ablate", file, "--store", store, "--workers", 2, "--json")
    command.wait_until(lambda: finished(store) > 1)
    command.interrupt()
    status, out, err = command.end()
    assert status == 130
    assert "Traceback" not in err
    assert 2 <= json.loads(out)["finished"] < 6
    assert "goes on from here" in err
    assert f"Result of {json.loads(out)['finished']} of 6 runs" in cli("report", "small", "--store", store).out
    again = cli("ablate", file, "--store", store, "--json")
    assert again.status == 0
    assert again.json["finished"] == 6
    assert set(completions(store, "small").values()) == {1}


@pytest.mark.slow
def test_twenty_kills_change_nothing(write: Write, start: Start, cli: Cli, tmp_path: Path, store: Path) -> None:
    """24 cells, 2 workers, killed at 20 moments by chance, each time started again."""
    file = write(GRID, epochs=150)
    chance = random.Random(0)  # noqa: S311 - not a secret
    kills = 0
    while kills < 20:
        command = start("ablate", file, "--store", store, "--workers", 2)
        if chance.random() < 0.5:
            done = finished(store)
            command.wait_until(lambda done=done: finished(store) > done)
        time.sleep(chance.uniform(0, 1 if finished(store) < 20 else 4))
        assert command.process.poll() is None, "it was done before it could be killed"
        command.kill(group=chance.random() < 0.5)
        kills += 1
    status, out, err = start("ablate", file, "--store", store, "--workers", 2, "--json").end()
    assert status == 0, err
    assert kills == 20
    assert json.loads(out)["finished"] == 24
    assert set(completions(store, "small").values()) == {1}
    assert len(completions(store, "small")) == 24
    assert cli("ablate", file, "--store", tmp_path / "whole", "--quiet").status == 0
    assert records_of(store) == records_of(tmp_path / "whole")
