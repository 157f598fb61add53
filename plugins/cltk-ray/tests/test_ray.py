"""The launcher ``ray``, on a real local cluster."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from cltk.testing import conformance_tests
from cltk_ray.launcher import Ray

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
def cluster() -> Iterator[None]:
    """A cluster of this machine, which the default settings find."""
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, namespace="cltk", address="local")
    yield
    ray.shutdown()


test_conformance = conformance_tests(Ray)


def test_workers_are_counted_stopped_and_explained(tmp_path: Path) -> None:
    """What the conformance kit asks of launchers, which it asks without a network."""
    launcher = Ray(Ray.Config(), tmp_path)
    handle = json.loads(json.dumps(launcher.start([sys.executable, "-c", "import time; time.sleep(60)"], 2)))
    other = Ray(Ray.Config(), tmp_path)
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


def test_many_that_wait_for_room_are_counted_soon(tmp_path: Path) -> None:
    launcher = Ray(Ray.Config(), tmp_path)
    handle = launcher.start([sys.executable, "-c", "import time; time.sleep(60)"], 12)
    began = time.monotonic()
    assert launcher.alive(handle) == 12
    assert time.monotonic() - began < 25
    for name in handle["actors"]:  # Without waiting for those that never begin.
        ray.kill(ray.get_actor(name, namespace="cltk"))


def test_any_process_can_stop_them_whatever_it_is_set_to(tmp_path: Path) -> None:
    """As 'cltk stop' does, which knows no more than what was kept of them."""
    address = ray.get_runtime_context().gcs_address
    handle = Ray(Ray.Config(address=address), tmp_path).start([sys.executable, "-c", "import time; time.sleep(60)"], 1)
    assert handle["address"] == address
    other = Ray(Ray.Config(), tmp_path)
    assert other.alive(handle) == 1
    other.stop(handle)
    assert other.alive(handle) == 0


def test_a_study_is_worked_on(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(STUDY)
    options = ["--study-db", tmp_path / "shared", "--workers", 2, "--sink", "none", "--json"]
    done = cli("ablate", file, *options, "--launcher", "ray")
    assert done.status == 0, done.err
    assert done.json["finished"] == 4
