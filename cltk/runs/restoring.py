"""Trained runs brought back from their folders: their strategy as it was in the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cltk.build import build_strategy, prepare
from cltk.engine import load_state, state_of
from cltk.errors import ConfigError, StoreError
from cltk.files import read_bounded
from cltk.interfaces import Generator, ScenarioInfo, Strategy, Streams
from cltk.machine import Machine, device_of
from cltk.record import Record
from cltk.resolve import resolve
from cltk.runs.reading import find_record
from cltk.runs.repeat import experiment_of
from cltk.runs.tensors import MOST, unpack

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Restored", "restore"]


@dataclass(frozen=True, slots=True)
class Restored:
    """A trained run.

    Attributes:
        record: Its record.
        strategy: What was trained, with the weights, the stored samples and whatever else it had in the end.
        info: What its networks were built from.
    """

    record: Record
    strategy: Strategy
    info: ScenarioInfo

    def predict(self, x: Tensor | npt.NDArray[np.float32]) -> Tensor:
        """Scores every class.

        Args:
            x: (B, C, H, W) float32 in [0, 1].

        Returns:
            (B, K) scores; the highest one is the prediction.
        """
        return self.strategy.predict(torch.as_tensor(x, dtype=torch.float32, device=self.strategy.device))

    @torch.no_grad()
    def sample(self, n: int, seed: int = 0) -> Tensor:
        """Draws ``n`` images from the generator, the same ones for the same seed: (n, C, H, W) in [0, 1].

        Raises:
            ConfigError: The run has no generator.
        """
        generator = self.strategy.parts.slots.get("generator")
        if not isinstance(generator, Generator):
            raise ConfigError(f"The run '{self.record.run_id}' has no generator.", "Restore one of generative replay.")
        return generator.eval().sample(n, Streams(seed, device=self.strategy.device).generator("sample"))


def restore(run_id: str, store: Path, machine: Machine | None = None) -> Restored:
    """Builds the networks of a finished run again, and gives them the weights that it left behind.

    Nothing is trained, and no data is read: only a record of version 1 does not say what the data looks like.

    Args:
        run_id: The run's id, or as much of the beginning as tells it from the others.
        store: The folder of all runs.
        machine: Where to put the networks.

    Raises:
        ConfigError: There is no such run, it is not finished, or its components are not installed.
        StoreError: Its record or its weights are missing, incomplete or altered.
    """
    record, machine = find_record(store, run_id), machine or Machine()
    if not record.finished:
        raise ConfigError(f"The run '{record.run_id}' is not finished, but {record.status}.", "Go on with it first.")
    info = _info(record, machine)
    streams = Streams(record.seed, device=device_of(machine))
    strategy = build_strategy(resolve(experiment_of(record)).components, info, streams)
    weights = _read_weights(store / record.run_id / "weights.safetensors")
    if record.info is None:  # Version 1 kept the networks alone.
        weights = state_of(strategy) | weights
    try:
        load_state(strategy, weights, completed=len(record.tasks))
    except (KeyError, RuntimeError) as error:
        raise StoreError(
            f"The weights of '{record.run_id}' do not fit the components that are installed: {error}",
            f"Install what it ran with: {', '.join(record.plugins.values())}.",
        ) from error
    return Restored(record, strategy, info)


def _info(record: Record, machine: Machine) -> ScenarioInfo:
    if record.info is None:
        return prepare(experiment_of(record), machine).info
    info = record.info
    classes = tuple(map(tuple, record.classes))
    return ScenarioInfo(info.shape, info.outputs, tuple(info.sizes), classes, info.setting, info.value_bytes)


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        return unpack(read_bounded(path, MOST))[0]
    except (OSError, ValueError) as error:
        raise StoreError(f"'{path}' cannot be read: {error}", "Run the experiment again to replace it.") from error
