"""The launcher ``dask``, on a real local cluster."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster

from cltk.errors import CltkError
from cltk.testing import conformance_tests
from cltk_dask.launcher import Dask

STUDY = """
name = "small"
seeds = [0, 1]
scenario = { name = "split-digits", per_class = 20 }
strategy = { name = "finetune", classifier = { epochs = 1, min_steps = 0 } }
[ablate.axes]
"strategy.classifier.lr" = [0.001, 0.01]
"""

FAILS_BUT_THE_FIRST = """
import os, sys, time
if os.environ["CLTK_WORKER"] == "0":
    time.sleep(60)
sys.exit("out of order")
"""


@pytest.fixture(scope="module", autouse=True)
def scheduler() -> Iterator[str]:
    """A cluster of this machine, which Dask is set to."""
    options = {"threads_per_worker": 2, "dashboard_address": None, "host": "127.0.0.1"}
    with (
        LocalCluster(n_workers=1, processes=True, **options) as cluster,
        dask.config.set({"scheduler-address": cluster.scheduler_address}),
    ):
        yield str(cluster.scheduler_address)


@pytest.fixture
def impatient() -> Iterator[None]:
    """Where no scheduler can answer, there is nothing to wait for."""
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        yield


test_conformance = pytest.mark.usefixtures("impatient")(conformance_tests(Dask))


def test_workers_are_counted_stopped_and_explained(tmp_path: Path) -> None:
    """What the conformance kit asks of launchers, which it asks without a network."""
    launcher = Dask(Dask.Config(), tmp_path)
    handle = json.loads(json.dumps(launcher.start([sys.executable, "-c", "import time; time.sleep(60)"], 2)))
    other = Dask(Dask.Config(), tmp_path)
    assert other.alive(handle) == 2
    assert other.reason(handle) is None
    other.stop(handle)
    assert launcher.alive(handle) == 0
    launcher.stop(handle)
    handle = launcher.start([sys.executable, "-c", FAILS_BUT_THE_FIRST], 2)
    while launcher.alive(handle) == 2:
        time.sleep(0.1)
    assert launcher.ended(handle) == {"1": "out of order"}
    assert launcher.reason(handle) == "out of order"
    launcher.stop(handle)


def test_any_process_can_stop_them_whatever_it_is_set_to(tmp_path: Path) -> None:
    """As 'cltk stop' does, which knows no more than what was kept of them."""
    handle = Dask(Dask.Config(), tmp_path).start([sys.executable, "-c", "import time; time.sleep(60)"], 1)
    with dask.config.set({"scheduler-address": None}):
        other = Dask(Dask.Config(), tmp_path)
        assert other.alive(handle) == 1
        other.stop(handle)
        assert other.alive(handle) == 0


@pytest.mark.usefixtures("impatient")
def test_without_a_scheduler_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(CltkError, match="No Dask scheduler answers"):
        Dask(Dask.Config(scheduler="tcp://127.0.0.1:9"), tmp_path).start(["true"], 1)


def test_a_study_is_worked_on(scheduler: str, cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(STUDY)
    options = ["--study-db", tmp_path / "shared", "--workers", 2, "--sink", "none", "--json"]
    done = cli("ablate", file, *options, "--launcher", "dask", "--launcher.dask.scheduler", scheduler)
    assert done.status == 0, done.err
    assert done.json["finished"] == 4
