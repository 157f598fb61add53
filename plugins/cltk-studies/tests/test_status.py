"""What others see of a study."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState, create_trial

from cltk_studies.questions.items import Item
from cltk_studies.work.database import open_database
from cltk_studies.work.queue import Queue
from cltk_studies.work.status import StudyStatus

Write = Callable[..., Path]
Cli = Callable[..., Any]


def test_each_seed_that_failed_is_told(write: Write, cli: Cli, store: Path) -> None:
    diverges = '[ablate.axes]\n"strategy.classifier.lr" = [1e30]\n'
    assert cli("ablate", write(diverges, epochs=3), "--store", store, "--sink", "none").status == 1
    status = cli("status", "small", "--store", store, "--json").json
    assert list(status["failures"]) == ["lr=1e+30, seed 0", "lr=1e+30, seed 1"]


def test_runs_that_were_there_before_the_study_are_counted(write: Write, cli: Cli, store: Path) -> None:
    options = ["--store", store, "--sink", "none", "--json"]
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n')
    first = cli("ablate", file, *options)
    more = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n', seeds="[0, 1, 2]", name="more")
    for _ in range(2):
        assert cli("ablate", more, *options).json["finished"] == 6
    status = cli("status", "more", "--store", store, "--json").json
    assert status["counts"] == {"waiting": 0, "running": 0, "finished": 6, "failed": 0}
    assert len(Queue(open_database(store), "more").study.trials) == 6
    # One whose record is gone is done again all the same.
    run = store / first.json["cells"][0]["runs"][0]["run_id"]
    shutil.rmtree(run)
    done = cli("ablate", more, *options).json
    assert done["finished"] == 6
    assert len(list(store.glob("*/record.json"))) == 6


def test_a_run_that_failed_and_that_another_study_finished_is_finished(write: Write, cli: Cli, store: Path) -> None:
    axes = '[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n'
    options = ["--store", store, "--sink", "none", "--json"]
    assert cli("ablate", write(axes, name="other"), *options).status == 0
    (key, state), *_ = Queue(open_database(store), "other").states().items()
    queue = Queue(open_database(store), "small", ["maximize"])
    queue.submit([Item(key, {name: state.trial.user_attrs[name] for name in ("cell", "seed")})])
    lease = queue.claim()
    assert lease is not None
    lease.fail("The disk was full.")
    for _ in range(2):
        assert cli("ablate", write(axes), *options).status == 0
        assert StudyStatus.of(queue).counts == {"waiting": 0, "running": 0, "finished": 4, "failed": 0}
    assert len(queue.study.trials) == 5


@pytest.mark.parametrize(("minutes", "left"), [(-10, 200), (0, 200), (10, 100)])
def test_clocks_that_differ_leave_the_time_left_within_bounds(
    store: Path, monkeypatch: pytest.MonkeyPatch, minutes: float, left: float
) -> None:
    """A run of 100 s is finished, one has just begun by the clock of another machine, and one waits."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now() + timedelta(minutes=minutes)

    queue = Queue(open_database(store), "small", ["maximize"])
    finished = create_trial(state=TrialState.COMPLETE, value=0.5, user_attrs={"key": "a", "cell": "a"})
    finished.datetime_start = datetime.now() - timedelta(seconds=100)
    queue.study.add_trial(finished)
    queue.submit([Item("b", {"cell": "b"}), Item("c", {"cell": "c"})])
    assert queue.claim("somebody") is not None
    monkeypatch.setattr("cltk_studies.work.status.datetime", Clock)
    assert StudyStatus.of(queue).seconds_left == pytest.approx(left, abs=5)


def test_workers_that_are_left_at_work_and_killed_are_missed(write: Write, cli: Cli, store: Path) -> None:
    file = write('[ablate.axes]\n"strategy.classifier.lr" = [0.001, 0.01]\n', epochs=30000)
    assert cli("ablate", file, "--store", store, "--workers", 2, "--sink", "none", "--detach").status == 0
    look = ("status", "small", "--store", store, "--json")
    assert cli(*look).json["launched"] == [{"launcher": "local", "alive": 2, "reason": None}]
    (kept,) = Queue(open_database(store), "small").signals.launches.values()
    os.kill(kept["handle"]["pid"], signal.SIGKILL)
    while (launched := cli(*look).json["launched"])[0]["alive"]:
        time.sleep(0.1)
    assert launched == [{"launcher": "local", "alive": 0, "reason": "their process was killed"}]
    shown = cli("status", "small", "--store", store)
    assert "their process was killed" in shown.out
    assert cli("stop", "small", "--store", store).status == 0
