"""From an ``[ablate]`` table to a study, its plan and its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cltk.build import Prepared, prepare
from cltk.config import Overrides
from cltk.errors import ConfigError, closest
from cltk.interfaces import Scenario
from cltk.machine import Machine
from cltk_studies.answers.records import records_in
from cltk_studies.questions.grid import Ablation, experiments_of
from cltk_studies.questions.plan import Clock, Plan, planned
from cltk_studies.questions.study import Cell, Study
from cltk_studies.work.liveness import is_here
from cltk_studies.work.queue import Item, Queue, State

__all__ = ["errors_of", "key_of", "plan_of", "study_of", "submit"]


def study_of(
    ablation: Ablation, base: Overrides, machine: Machine, scenarios: dict[str, Scenario]
) -> tuple[Study, dict[str, Prepared]]:
    """Prepares every cell, so that what is wrong with any of them is said before anything runs.

    Data that is read goes to ``scenarios``.

    Returns:
        The study, and the cells ready to run, by name.

    Raises:
        CltkError: A cell is no valid experiment, or cannot be run here.
    """
    prepared_cells: dict[str, Prepared] = {}
    cells = []
    for name, (own, experiment) in experiments_of(ablation, base).items():
        identity = {"name": ablation.name or experiment.name, "seeds": ablation.seeds or experiment.seeds}
        prepared_cells[name] = prepare(experiment.model_copy(update=identity), machine, scenarios)
        cells.append(Cell.of(name, own, prepared_cells[name]))
    first = next(iter(prepared_cells.values())).experiment
    baseline = ablation.baseline or cells[0].name
    if baseline not in prepared_cells:
        raise ConfigError(f"The baseline '{baseline}' is no cell of the study.", closest(baseline, prepared_cells))
    twins = _twins(cells)
    if twins:
        raise ConfigError(f"The cells '{twins[0]}' and '{twins[1]}' are the same experiment.", "Leave one of them out.")
    study = Study(
        name=first.name, description=first.description, baseline=baseline, seeds=first.seeds, cells=tuple(cells)
    )
    return study, prepared_cells


def plan_of(study: Study, prepared_cells: Mapping[str, Prepared], store: Path, workers: int) -> Plan:
    """What of a study is still to be done, and what that costs."""
    records = records_in(store, {cell.config_hash for cell in study.cells})
    clock = Clock(records)
    return Plan([planned(cell, prepared_cells[cell.name], records, clock) for cell in study.cells], workers)


def submit(plan: Plan, queue: Queue) -> None:
    """Queues what is to be done, unless another machine has done it; each seed of all cells before the next seed."""
    states = queue.states()
    runs = [(planned.cell, seed) for planned in plan.cells for seed in planned.open]
    items = [
        Item(key_of(cell, seed), {"cell": cell.name, "seed": seed})
        for cell, seed in sorted(runs, key=lambda run: run[1])
        if not _done_elsewhere(states.get(key_of(cell, seed)))
    ]
    queue.submit(items)


def key_of(cell: Cell, seed: int) -> str:
    """Identifies a run within its study."""
    return f"{cell.config_hash}-{seed}"


def errors_of(study: Study, queue: Queue) -> dict[tuple[str, int], str]:
    """Why runs failed, by cell and seed."""
    return {
        (state.trial.user_attrs["cell"], state.trial.user_attrs["seed"]): state.error
        for state in queue.states().values()
        if state.status == "failed" and state.error
    }


def _done_elsewhere(state: State | None) -> bool:
    """Whether another machine, whose records are its own, has finished an item."""
    return state is not None and state.status == "finished" and not is_here(state.trial.user_attrs.get("worker", {}))


def _twins(cells: Sequence[Cell]) -> tuple[str, str] | None:
    """Two cells that are the same experiment under two names."""
    seen: dict[str, str] = {}
    for cell in cells:
        if cell.config_hash in seen:
            return seen[cell.config_hash], cell.name
        seen[cell.config_hash] = cell.name
    return None
