"""Studies from Python: the same as the commands of these names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cltk.config import Overrides
from cltk.errors import Faults
from cltk.experiment import Experiment
from cltk.interfaces import Sink
from cltk.layers import read_toml
from cltk.machine import Machine
from cltk.runs.sinks import NO_SINK
from cltk_studies.questions.files import split_ablation, split_tuning
from cltk_studies.work.chosen_launcher import ChosenLauncher
from cltk_studies.work.chosen_sinks import ChosenSinks
from cltk_studies.work.database import folder_of
from cltk_studies.work.display import Display, NoDisplay
from cltk_studies.work.ending import Ending
from cltk_studies.work.limits import Limits
from cltk_studies.work.site import StudySite

__all__ = ["ablate", "make_site", "tune"]


def ablate(
    experiment: str | Path | Experiment,
    *,
    axes: Mapping[str, Sequence[Any]] | None = None,
    variants: Sequence[Mapping[str, Any]] | None = None,
    baseline: str | None = None,
    seeds: Sequence[int] | str | None = None,
    objective: str | Sequence[str] | None = None,
    name: str | None = None,
    progress: bool = False,
    **site: Any,
) -> Ending:
    """Runs every cell of a study with every seed, and compares them.

    What is finished is not run again: call it again after an interruption. A KeyboardInterrupt ends it with what is
    finished by then.

    Args:
        experiment: What all cells share: a file, whose table ``[ablate]`` is read, or an experiment.
        axes: A list of values for each dotted field or slot.
        variants: Named sets of fields, each a ``name`` and the fields.
        baseline: The cell that all others are compared with; by default, the first.
        seeds: One run each in every cell; by default, the experiment's.
        objective: The metrics that say what is better.
        name: What results are filed under; by default, the experiment's name.
        progress: Whether to show on standard error what is to be done, and what ends.
        site: Where to work: see ``make_site``.

    Raises:
        CltkError: A cell is no valid experiment or cannot be run here; or the store or the database fails.
    """
    table = {
        "axes": axes, "variants": variants, "baseline": baseline, "seeds": seeds, "objective": objective, "name": name,
    }  # fmt: skip
    overrides, faults = _overrides(experiment), Faults()
    ablation, base = split_ablation(overrides, table, faults)
    return make_site(overrides, **site).ablation(ablation, base, faults).run(_display(progress))


def tune(
    experiment: str | Path | Experiment,
    *,
    space: Mapping[str, Any] | None = None,
    budget: int | None = None,
    pareto: bool | None = None,
    objective: str | Sequence[str] | None = None,
    trials: int | None = None,
    seeds: Sequence[int] | str | None = None,
    test_seeds: Sequence[int] | str | None = None,
    name: str | None = None,
    progress: bool = False,
    **site: Any,
) -> Ending:
    """Tunes an experiment on validation data, and compares the choice once with others on test data.

    Args:
        experiment: What is tuned: a file, whose table ``[tune]`` is read, or an experiment.
        space: Fields to tune, each with its range (``{"low": 1e-4, "high": 1e-1, "log": True}``) or its values.
        budget: Samples to replay over all tasks, which the search spreads.
        pareto: Whether to search for accuracy against samples replayed.
        objective: The metrics that decide, the most important one first; by default, accuracy.
        trials: Configurations to try.
        seeds: Runs of each configuration; by default, the experiment's.
        test_seeds: Runs of the chosen one on test data; none of the others.
        name: What results are filed under; by default, the experiment's name.
        progress: Whether to show on standard error what is to be done, and what ends.
        site: Where to work: see ``make_site``.

    Raises:
        CltkError: The experiment cannot be tuned so; or the store or the database fails.
    """
    table = {
        "space": space, "budget": budget, "pareto": pareto, "objective": objective, "trials": trials,
        "seeds": seeds, "test_seeds": test_seeds, "name": name,
    }  # fmt: skip
    overrides, faults = _overrides(experiment), Faults()
    tuning, base = split_tuning(overrides, table, faults)
    return make_site(overrides, **site).search(tuning, base, faults).run(_display(progress))


def make_site(
    overrides: Overrides,
    *,
    store: str | Path | None = None,
    study_db: str | Path | None = None,
    machine: Machine | None = None,
    workers: int = 1,
    launcher: str | None = None,
    limits: Limits | None = None,
    sinks: str | Sequence[str | Sink] | None = None,
) -> StudySite:
    """Makes the place to work at.

    Args:
        overrides: An experiment, of which settings of launchers and sinks are read.
        store: The folder of the runs; by default ``runs``, in ``study_db`` where that is a folder.
        study_db: Where studies are kept: a folder that machines may share, or a URL; by default, the store.
        machine: Where and how workers compute; by default, with one thread each.
        workers: How many there are; a single one is the calling process itself.
        launcher: What starts them, by name.
        limits: What the study puts up with: silence of workers, lost workers, failed runs.
        sinks: What is told of the study: sinks, or names of installed ones; by default those that the experiment names.

    Raises:
        ConfigError: Settings are not valid.
    """
    read = ChosenSinks.read(overrides)
    wanted = (read.names or ()) if sinks is None else [sinks] if isinstance(sinks, str) else sinks
    chosen = ChosenSinks(
        [str(sink) for sink in wanted if not isinstance(sink, Sink)] or [NO_SINK],
        read.settings,
        [sink for sink in wanted if isinstance(sink, Sink)],
    )
    started_by = ChosenLauncher.read(launcher, overrides.get("launcher", {}))
    where = None if study_db is None else str(study_db)
    runs = Path(store) if store is not None else (folder_of(where) or Path()) / "runs"
    place = machine or Machine(threads=1)
    return StudySite(runs, where, place, workers, started_by, chosen, limits=limits or Limits())


def _overrides(experiment: str | Path | Experiment) -> Overrides:
    if isinstance(experiment, Experiment):
        return experiment.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    return read_toml(Path(experiment))


def _display(progress: bool) -> Display:
    if not progress:
        return NoDisplay()
    from cltk_studies.commands.study_progress import StudyProgress

    return StudyProgress()
