"""The Python interface: the same experiments and the same engine as the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cltk.build import prepare
from cltk.config import Experiment, check, combine, overlay, override_at, read_toml
from cltk.engine import train as _train
from cltk.events import Event
from cltk.machine import Machine
from cltk.record import Record
from cltk.runs.runner import execute

__all__ = ["Experiment", "Machine", "load", "run", "train"]


def load(file: str | Path | None = None, **overrides: Any) -> Experiment:
    """Reads an experiment.

    Args:
        file: A TOML file; None to start from the defaults.
        overrides: Fields to set, with two underscores for a dot: ``generator="vae"``, ``generator__latent_dim=50``.

    Raises:
        ConfigError: The file cannot be read, or a field is not valid.
    """
    layers = [read_toml(Path(file))] if file is not None else []
    layers.append(combine(override_at(name.replace("__", "."), value) for name, value in overrides.items()))
    return check(Experiment, overlay(layers), f"'{file}'" if file else "the experiment")


def run(experiment: Experiment, seed: int = 0, store: str | Path = "runs", machine: Machine | None = None) -> Record:
    """Runs an experiment with one seed, keeps its folder in ``store``, and returns its record.

    Raises:
        CltkError: The experiment is not valid, its data is missing, or the store cannot be written.
    """
    return execute(prepare(experiment, machine), seed, Path(store))


def train(experiment: Experiment, seed: int = 0, machine: Machine | None = None) -> Iterator[Event]:
    """Runs an experiment with one seed, and yields what happens; nothing is kept.

    Like ``run``, it sets this process up for training: denormal numbers are flushed, freed memory is not given back.

    Raises:
        CltkError: The experiment is not valid, its data is missing, or training diverged.
    """
    return _train(prepare(experiment, machine).assemble(seed))
