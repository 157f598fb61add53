"""From an ``[ablate]`` table to a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cltk.build import Prepared, prepare
from cltk.config import Overrides
from cltk.errors import ConfigError, Faults, closest, under
from cltk.interfaces import Scenario
from cltk.machine import Machine
from cltk.resolve import Resolved
from cltk_studies.questions.grid import Ablation, experiments_of
from cltk_studies.questions.objective import Objective
from cltk_studies.questions.references import reference_experiments
from cltk_studies.questions.study import Cell, Study

__all__ = ["check_ablation", "prepare_study"]


def prepare_study(
    ablation: Ablation, base: Overrides, machine: Machine, scenarios: dict[str, Scenario]
) -> tuple[Study, dict[str, Prepared]]:
    """Prepares every cell, so that what is wrong with any of them is said before anything runs.

    Data that is read goes to ``scenarios``.

    Returns:
        The study, and the cells ready to run, by name.

    Raises:
        CltkError: A cell is no valid experiment, or cannot be run here.
    """
    faults = Faults()
    experiments = check_ablation(ablation, base, faults)
    faults.settle()
    prepared_cells: dict[str, Prepared] = {}
    cells = []
    for name, (own, resolved) in experiments.items():
        experiment = resolved.experiment
        identity = {"name": ablation.name or experiment.name, "seeds": ablation.seeds or experiment.seeds}
        resolved = replace(resolved, experiment=experiment.model_copy(update=identity))
        prepared_cells[name] = prepare(resolved, machine, scenarios)
        cells.append(Cell.of(name, own, prepared_cells[name]))
    if ablation.references:
        for name, own, experiment in reference_experiments(tuple(cells), prepared_cells):
            prepared = prepare(experiment, machine, scenarios)
            if prepared.config_hash not in {cell.config_hash for cell in cells}:
                prepared_cells[name] = prepared
                cells.append(Cell.of(name, own, prepared))
    first = next(iter(prepared_cells.values())).experiment
    baseline = ablation.baseline or cells[0].name
    if baseline not in prepared_cells:
        raise ConfigError(
            f"The study has no cell '{baseline}' to serve as the baseline.",
            closest(baseline, prepared_cells),
            at="ablate.baseline",
        )
    twins = _twins(cells)
    if twins:
        raise ConfigError(f"The cells '{twins[0]}' and '{twins[1]}' are the same experiment.", "Leave one of them out.")
    objective = Objective.find(ablation.objective, first.metrics or ())
    objective.check(prepared_cells[baseline], first.seeds, alone=False)
    study = Study(
        name=first.name,
        description=first.description,
        baseline=baseline,
        seeds=first.seeds,
        cells=tuple(cells),
        objective=tuple(objective.metrics),
    )
    return study, prepared_cells


def check_ablation(ablation: Ablation, base: Overrides, faults: Faults) -> dict[str, tuple[Overrides, Resolved]]:
    """Checks a study as far as that can be done without data; what is wrong goes to ``faults``.

    Returns:
        What ``experiments_of`` does; nothing where a cell is not valid.
    """
    with faults.further(), under("ablate.objective"):
        Objective.find(ablation.objective)
    with faults.further():
        return experiments_of(ablation, base)
    return {}


def _twins(cells: Sequence[Cell]) -> tuple[str, str] | None:
    """Two cells that are the same experiment under two names."""
    seen: dict[str, str] = {}
    for cell in cells:
        if cell.config_hash in seen:
            return seen[cell.config_hash], cell.name
        seen[cell.config_hash] = cell.name
    return None
