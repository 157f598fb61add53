"""Adding cells and seeds to a study that exists: what it has is kept, and only another meaning is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cltk.build import Prepared, prepare
from cltk.config import check
from cltk.errors import ConfigError
from cltk.experiment import Experiment
from cltk.interfaces import Scenario
from cltk.machine import Machine
from cltk_studies.questions.study import Cell, Study

__all__ = ["extend_study", "require_extension"]


def require_extension(earlier: Study, study: Study) -> None:
    """Checks that cells of one name are the same experiment, as far as what is installed now can tell.

    Raises:
        ConfigError: They are not.
    """
    if earlier.kind != study.kind:
        _refuse(study.name, f"it is a {earlier.kind}")
    known = {cell.name: cell for cell in earlier.cells}
    changed = [
        cell.name for cell in study.cells if cell.name in known and not _is_among(known[cell.name], {cell.config_hash})
    ]
    if changed:
        _refuse(study.name, f"it differs in cells: {', '.join(changed)}")


def extend_study(
    earlier: Study, study: Study, prepared: Mapping[str, Prepared], machine: Machine, scenarios: dict[str, Scenario]
) -> tuple[Study, dict[str, Prepared]]:
    """A study with the cells and seeds of the one that was there before it, too.

    Args:
        earlier: What was there.
        study: What is asked for.
        prepared: Its cells, ready to run, by name.
        machine: Where and how to compute.
        scenarios: The data that is in memory.

    Returns:
        The study, and its cells ready to run.

    Raises:
        ConfigError: A cell means something else than before.
        CltkError: An earlier cell cannot be run here any more.
    """
    require_extension(earlier, study)
    seeds = tuple(dict.fromkeys([*earlier.seeds, *study.seeds]))
    hashes = {cell.config_hash for cell in study.cells}
    more = [cell for cell in earlier.cells if not _is_among(cell, hashes)]
    if seeds == study.seeds and not more:
        return study, dict(prepared)
    ready = {}
    cells = []
    for cell in (*more, *study.cells):
        asked = {**cell.experiment, "name": study.name, "seeds": list(seeds)}
        ready[cell.name] = prepare(check(Experiment, asked, f"the cell '{cell.name}'"), machine, scenarios)
        cells.append(Cell.of(cell.name, cell.settings, ready[cell.name]))
    return study.model_copy(update={"seeds": seeds, "cells": tuple(cells)}), ready


def _is_among(cell: Cell, hashes: Collection[str]) -> bool:
    """Whether a cell has one of these hashes, as it was filed or, which takes longer, with what is installed now."""
    return cell.config_hash in hashes or cell.as_of_today().config_hash in hashes


def _refuse(name: str, reason: str) -> None:
    raise ConfigError(
        f"There is a study '{name}' already, with another definition: {reason}.",
        f"Give this one another name: --name {name}-2. Runs that both have are not run again.",
    )
