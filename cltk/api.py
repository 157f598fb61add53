"""The Python interface: the same experiments and the same engine as the command line."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from cltk.build import prepare
from cltk.config import check, sound_part
from cltk.display.progress import Progress
from cltk.engine import train as _train
from cltk.errors import ConfigError, Faults
from cltk.events import Event
from cltk.experiment import Experiment
from cltk.interfaces import Sink
from cltk.layers import combine, overlay, override_at, read_toml, without_studies
from cltk.machine import Machine
from cltk.places import Places
from cltk.record import Record
from cltk.resolve import resolve
from cltk.runs.measuring import load_metrics, measure_runs
from cltk.runs.reading import read_records
from cltk.runs.restoring import Restored
from cltk.runs.restoring import restore as _restore
from cltk.runs.rows import row_of, written_at
from cltk.runs.seeds import Ending, run_seeds
from cltk.runs.sinks import NO_SINK, make_sinks

__all__ = ["Ending", "Experiment", "Machine", "Restored", "load", "load_runs", "restore", "run", "train"]


def load(file: str | Path | None = None, **overrides: Any) -> Experiment:
    """Reads an experiment, and checks it as far as that can be done without data.

    Args:
        file: A TOML file; None to start from the defaults.
        overrides: Fields to set, with two underscores for a dot: ``generator="vae"``, ``generator__latent_dim=50``.

    Raises:
        ConfigError: The file cannot be read or is a study of several experiments, or a component or a field is not
            valid; it tells all that are not.
        PluginError: A component cannot be imported.
    """
    layers = [without_studies(read_toml(Path(file)), Path(file))] if file is not None else []
    layers.append(combine(override_at(name.replace("__", "."), value) for name, value in overrides.items()))
    faults = Faults()
    experiment = Experiment.model_validate(sound_part(Experiment, overlay(layers), "the experiment", faults))
    try:
        with faults.further():
            resolve(experiment)
        faults.settle()
    except ConfigError as error:
        raise Places(Path(file) if file is not None else None).tell(error) from error
    return experiment


@overload
def run(
    experiment: Experiment | str | Path,
    seed: int,
    store: str | Path = "runs",
    machine: Machine | None = None,
    *,
    sinks: str | Sequence[str | Sink] | None = None,
    resume: bool = False,
    progress: bool = False,
) -> Record: ...


@overload
def run(
    experiment: Experiment | str | Path,
    seed: None = None,
    store: str | Path = "runs",
    machine: Machine | None = None,
    *,
    seeds: Sequence[int] | str | None = None,
    sinks: str | Sequence[str | Sink] | None = None,
    resume: bool = False,
    progress: bool = False,
    together: bool = False,
) -> Record | Ending: ...


def run(
    experiment: Experiment | str | Path,
    seed: int | None = None,
    store: str | Path = "runs",
    machine: Machine | None = None,
    *,
    seeds: Sequence[int] | str | None = None,
    sinks: str | Sequence[str | Sink] | None = None,
    resume: bool = False,
    progress: bool = False,
    together: bool = False,
) -> Record | Ending:
    """Runs an experiment, and keeps a folder for each run in ``store``.

    Args:
        experiment: The experiment, or its file.
        seed: The one seed to run it with.
        store: The folder of all runs.
        machine: Where and how to compute.
        seeds: Several seeds, such as ``range(5)`` or ``"0..4"``; by default those of the experiment.
        sinks: Who is told of the runs: sinks, or names of installed ones; by default those that the experiment names.
        resume: Whether runs that were cut off go on, and those that are finished stay as they are.
        progress: Whether to show on standard error how far the runs are.
        together: Whether the seeds are trained side by side, as one model where they are alike.

    What the user should know, such as data that something stands in for, is a warning of Python.

    Returns:
        The record of the run; with several seeds, their records and what they say together.

    Raises:
        CltkError: The experiment is not valid, its data is missing, or the store cannot be written.
    """
    if seed is not None and seeds is not None:
        raise ConfigError("Both 'seed' and 'seeds' are given.", "Give one of them.")
    given = _experiment(experiment)
    if seed is not None or seeds is not None:
        given = given.model_copy(update={"seeds": _checked_seeds(seed if seeds is None else seeds)})
    wanted = (given.sinks or ()) if sinks is None else [sinks] if isinstance(sinks, str) else sinks
    names = [str(sink) for sink in wanted if not isinstance(sink, Sink)] or [NO_SINK]
    prepared = prepare(given, machine)
    with Progress(len(given.seeds), quiet=not progress) as shown:
        others = [*(sink for sink in wanted if isinstance(sink, Sink)), *([shown] if progress else [])]
        told = make_sinks(names, given.sink, Path(store), others)
        ending = run_seeds(prepared, Path(store), told, resume, together=together)
    for notice in (*prepared.notices, *ending.notices):
        warnings.warn(notice, stacklevel=2)
    return ending if len(given.seeds) > 1 else ending.records[0]


def train(experiment: Experiment | str | Path, seed: int = 0, machine: Machine | None = None) -> Iterator[Event]:
    """Runs an experiment with one seed, and yields what happens; nothing is kept.

    Like ``run``, it sets this process up for training: denormal numbers are flushed, freed memory is not given back.

    Args:
        experiment: The experiment, or its file.
        seed: The seed to run it with.
        machine: Where and how to compute.

    Raises:
        CltkError: The experiment is not valid, its data is missing, or training diverged.
    """
    return _train(prepare(_experiment(experiment), machine).assemble(_checked_seeds(seed)[0]))


def _experiment(given: object) -> Experiment:
    """The experiment that a caller means by it, or by its file."""
    if isinstance(given, str | Path):
        return load(given)
    if not isinstance(given, Experiment):
        raise ConfigError(
            f"An experiment was expected, or the path of its file, but a {type(given).__name__} was given.",
            'Make one with cltk.load: cltk.load(generator="vae", schedule="fixed").',
        )
    return given


def _checked_seeds(seeds: object) -> tuple[int, ...]:
    several = list(seeds) if isinstance(seeds, Iterable) and not isinstance(seeds, str) else seeds
    return check(Experiment, {"seeds": several}, "the seeds").seeds


def load_runs(
    store: str | Path = "runs", name: str | None = None, metrics: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Reads all runs in a store as flat rows, the oldest first: ``pandas.DataFrame(cltk.load_runs())``.

    A row has ``id``, ``name``, ``seed``, ``status``, ``hash``; every setting by its dotted path, such as
    ``generator.latent_dim``; every metric by its name; ``accuracy`` in the end, mean over all tasks; the totals of
    ``parameters``, ``bytes`` and ``seconds``; ``samples_replayed``, those of one epoch of each task; and when it was
    ``written``, by this machine's clock. A run that did not come to its end has None for metrics and accuracy. A file
    that cannot be read is left out with a warning, and so is a folder that is not there.

    Args:
        store: The folder of all runs.
        name: Of experiments of this name alone.
        metrics: Metrics to compute, whatever the runs were asked for; None for those that their records hold. Where one
            has no value, the row has None. One of several runs has in each row the value of all finished runs of the
            row's configuration, whose ``hash`` they share.

    Raises:
        ConfigError: There is no such metric.
    """
    records, problems = read_records(Path(store))
    for problem in problems if Path(store).is_dir() else [f"There is no folder '{store}'."]:
        warnings.warn(problem, stacklevel=2)
    wanted = [record for record in records if name in (None, record.config.get("name"))]
    values = [None] * len(wanted) if metrics is None else measure_runs(wanted, load_metrics(metrics), records)
    return [
        row_of(record, own) | {"written": written_at(record, Path(store))}
        for record, own in zip(wanted, values, strict=True)
    ]


def restore(run_id: str, store: str | Path = "runs", machine: Machine | None = None) -> Restored:
    """Brings a trained run back from its folder: what it predicts, and what its generator draws.

    Args:
        run_id: The run's id, or as much of the beginning as tells it from the others.
        store: The folder of all runs.
        machine: Where to put its networks.

    Raises:
        ConfigError: There is no such run, it is not finished, or its components are not installed.
        StoreError: Its record or its weights are missing, incomplete or altered.
    """
    return _restore(run_id, Path(store), machine)
