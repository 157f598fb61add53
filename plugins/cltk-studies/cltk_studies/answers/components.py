"""The components of a study's cells, as they are installed."""

from __future__ import annotations

from typing import Any

from cltk.config import check
from cltk.errors import CltkError
from cltk.experiment import Experiment
from cltk.resolve import resolve
from cltk_studies.questions.study import Cell, Study

__all__ = ["components_of_cell", "components_of_study"]


def components_of_cell(cell: Cell) -> dict[str, type[Any]]:
    """The classes of a cell's components by their names; none where one is not installed as the cell has it."""
    try:
        resolved = resolve(check(Experiment, cell.experiment, f"the cell '{cell.name}'"))
    except CltkError:
        return {}
    return {chosen.name: chosen.cls for chosen in resolved.components.values()}


def components_of_study(study: Study) -> dict[str, type[Any]]:
    """The classes of the components of all cells, by their names."""
    return {name: cls for cell in study.cells for name, cls in components_of_cell(cell).items()}
