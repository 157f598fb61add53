"""Which metrics a study is measured by: those of its cells, its objectives, and any that are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cltk.config import Slot
from cltk.errors import CltkError
from cltk.interfaces import Measure
from cltk.resolve import choose_metrics
from cltk_studies.questions.study import Cell, Study

__all__ = ["StudyMeasures", "choose_measures"]


@dataclass(frozen=True, slots=True)
class StudyMeasures:
    """What a study is measured by.

    Attributes:
        asked: The metrics that were asked for, whatever the cells name.
        objectives: The metrics that cells are ranked by, the most important one first.
        by_cell: All metrics of each cell, by the cell's name; each cell may set them in its own way.
        absent: Why metrics of the cells cannot be computed today, by their names.
    """

    asked: Sequence[str]
    objectives: Sequence[str]
    by_cell: Mapping[str, Mapping[str, Measure]]
    absent: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """All metrics: those that were asked for first, then the objectives, then the others."""
        others = [name for measures in self.by_cell.values() for name in measures]
        return list(dict.fromkeys([*self.asked, *self.objectives, *others, *self.absent]))

    def find(self, name: str) -> Measure | None:
        """A metric by its name; None where it cannot be computed."""
        return next((measures[name] for measures in self.by_cell.values() if name in measures), None)

    def is_minimized(self, name: str) -> bool:
        """Whether less of a metric is better."""
        measure = self.find(name)
        return measure is not None and measure.direction == "minimize"

    def bounds(self, name: str) -> tuple[float, float]:
        """The least and the greatest value of a metric."""
        measure = self.find(name)
        return (-math.inf, math.inf) if measure is None else (measure.low, measure.high)

    def is_share(self, name: str) -> bool:
        """Whether a metric is made of shares, as accuracies and their differences are: it is in [-1, 1]."""
        low, high = self.bounds(name)
        return low >= -1 and high <= 1


def choose_measures(study: Study, asked: Sequence[str] = (), objectives: Sequence[str] = ()) -> StudyMeasures:
    """Finds and imports the metrics of a study.

    Args:
        study: The study.
        asked: The names of metrics that are wanted beside those of its cells.
        objectives: The names of the metrics to rank cells by; none for those of the study.

    Raises:
        ConfigError: A metric that was asked for does not exist.
        PluginError: It cannot be imported.
    """
    wanted = _build(Slot(name=name) for name in asked)
    ranked = _build(Slot(name=name) for name in objectives)
    if not objectives:
        ranked, _ = _build_installed(Slot(name=name) for name in study.objective)
    by_cell: dict[str, Mapping[str, Measure]] = {}
    built: dict[str, tuple[dict[str, Measure], dict[str, str]]] = {}  # Most cells have the metrics of the others.
    for cell in study.cells:
        slots = _slots(cell)
        own, _ = built.setdefault(repr(slots), built.get(repr(slots)) or _build_installed(slots))
        by_cell[cell.name] = {**wanted, **ranked, **own}
    absent = {name: why for _, missing in built.values() for name, why in missing.items()}
    return StudyMeasures(list(wanted), list(ranked), by_cell, absent)


def _slots(cell: Cell) -> list[Slot]:
    return [Slot.model_validate(metric) for metric in cell.experiment.get("metrics", ())]


def _build(slots: Iterable[Slot]) -> dict[str, Measure]:
    return {chosen.name: chosen.build() for chosen in choose_metrics(list(slots))}


def _build_installed(slots: Iterable[Slot]) -> tuple[dict[str, Measure], dict[str, str]]:
    """The metrics that are installed as a study knew them, and by name why the others are not there."""
    measures: dict[str, Measure] = {}
    absent: dict[str, str] = {}
    for slot in slots:
        try:
            measures |= _build([slot])
        except CltkError as error:
            absent[str(slot.name).rpartition(":")[2]] = error.problem
    return measures, absent
