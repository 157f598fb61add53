"""What all tests share, the plugins' too: no setting of the machine reaches them, and nothing that they do stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import settings

from cltk.api import Machine, load
from cltk.experiment import Experiment
from tests.commandline import Cli, run_child, run_cli

# A busy machine is no reason to fail.
settings.register_profile("cltk", deadline=None)
settings.load_profile("cltk")

QUICK = {"epochs": 1, "min_steps": 0}


@pytest.fixture(scope="session", autouse=True)
def _isolated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variable of the user's but the folder of the data sets, an empty cache, and no download."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("CLTK_", "MLFLOW_")) and name != "CLTK_DATA_DIR":
                patch.delenv(name)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CLTK_OFFLINE", "1")
        yield


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """One thread, and floating point as it was before: training flushes denormal numbers."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)


@pytest.fixture
def machine() -> Machine:
    return Machine(device="cpu", threads=1)


@pytest.fixture(scope="session")
def make_digits() -> Callable[..., Experiment]:
    """Makes generative replay on the digits as small as it can be: one epoch a network, a VAE of 16 units."""

    def make(**overrides: Any) -> Experiment:
        given = {
            "scenario": "split-digits",
            "strategy": {"classifier": QUICK, "generator": QUICK},
            "generator": {"hidden": 16, "latent_dim": 4},
        }
        return load(**{slot: value for slot, value in (given | overrides).items() if value is not None})

    return make


@pytest.fixture(scope="session")
def digits(make_digits: Callable[..., Experiment]) -> Experiment:
    return make_digits()


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The folder of the data sets, where it holds MNIST."""
    folder = Path(os.environ.get("CLTK_DATA_DIR") or "nowhere")
    if not any((folder / "MNIST" / "raw").glob("train-images-idx3-ubyte*")):
        pytest.skip("CLTK_DATA_DIR does not hold MNIST")
    return folder


@pytest.fixture(scope="session")
def cli() -> Cli:
    return run_cli


@pytest.fixture(scope="session")
def child() -> Cli:
    return run_child
