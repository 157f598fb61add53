"""The runs that a study's cells are held against: joint training and fine-tuning."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from cltk.config import Overrides, check
from cltk.experiment import Experiment
from cltk.interfaces import learned_by
from cltk_studies.questions.grid import fitting
from cltk_studies.questions.study import Cell

__all__ = ["REFERENCES", "reference_experiments"]

REFERENCES = ("joint", "finetune")
"""What bounds every method from above, and what does nothing against forgetting."""


def reference_experiments(cells: Sequence[Cell], taken: Collection[str]) -> Iterator[tuple[str, Overrides, Experiment]]:
    """What is to be run beside the cells: each cell's experiment, learned by each reference.

    With the cell's classifier and its budget, or with that of the one network that the cell's method learns in; by
    default ones where it has neither.
    Several cells often come to the same experiment: whoever prepares them keeps one.

    Args:
        cells: The cells.
        taken: Names that are given to other cells.

    Yields:
        A name that is free, what is set beside the cell's own settings, and the experiment.

    Raises:
        ConfigError: A strategy is not installed, or has no use for the cell's budget.
    """
    for cell in cells:
        for name in REFERENCES:
            own = learned_by(name, cell.experiment)
            free = name if name not in taken else f"{name} as {cell.name}"
            yield free, own, check(Experiment, fitting(cell.experiment, own), f"the reference '{free}'")
