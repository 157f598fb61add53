"""What a study says: each cell's means, its differences from the baseline and its cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cltk.record import Record
from cltk.runs.summary import Estimate
from cltk_studies.answers.measures import StudyMeasures
from cltk_studies.answers.records import finished_by_seed
from cltk_studies.answers.statistics import PairedDifference
from cltk_studies.answers.values import CellValues
from cltk_studies.questions.study import Cell, Study

__all__ = ["COSTS", "CellResult", "StudyResult"]

COSTS: Mapping[str, Callable[[Record], float]] = {
    "seconds": lambda record: record.seconds.get("total", 0.0),
    "samples replayed": lambda record: sum(record.replay.counts),
    "bytes": lambda record: record.bytes.get("total", 0),
}
"""What a run costs, by name. Samples replayed are those of one epoch of each task."""


@dataclass(frozen=True, slots=True)
class CellResult:
    """A cell over its finished seeds.

    Attributes:
        cell: The cell.
        records: Its runs by seed, finished or not.
        values: What metrics say of it.
        differences: The difference of each metric from the baseline; empty for the baseline itself.
        costs: Mean and interval of what a run costs.
    """

    cell: Cell
    records: Mapping[int, Record]
    values: CellValues
    differences: Mapping[str, PairedDifference]
    costs: Mapping[str, Estimate]

    @property
    def name(self) -> str:
        """The name of the cell."""
        return self.cell.name

    @property
    def metrics(self) -> Mapping[str, Estimate]:
        """Mean and interval of each metric."""
        return self.values.estimates

    @property
    def finished(self) -> Sequence[Record]:
        """The runs that count."""
        return list(finished_by_seed(self.records).values())


@dataclass(frozen=True, slots=True)
class StudyResult:
    """A study's result.

    Attributes:
        study: The study.
        cells: Its cells, in the order of the study.
        measures: What they are measured by.
        resolution: The smallest step between two accuracies; 0 where it is not known.
        errors: Why runs failed before they had a record, by cell and seed.
    """

    study: Study
    cells: Sequence[CellResult]
    measures: StudyMeasures
    resolution: float = 0.0
    errors: Mapping[tuple[str, int], str] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics that have a value, or a reason for none, in some cell."""
        named = {name for cell in self.cells for name in (*cell.metrics, *cell.values.without_value)}
        return [name for name in self.measures.names if name in named]

    @property
    def objective(self) -> str | None:
        """The metric that cells are ranked by; None where there is none."""
        return next(iter([*self.measures.objectives, *self.metrics]), None)

    @property
    def ranked(self) -> list[CellResult]:
        """The cells by the objective, the best one first; those without a value last."""
        objective = self.objective
        sign = 1 if objective and self.measures.is_minimized(objective) else -1

        def key(cell: CellResult) -> tuple[bool, float]:
            found = cell.metrics.get(objective or "")
            return found is None, sign * found.mean if found else 0.0

        return sorted(self.cells, key=key)

    @property
    def finished(self) -> int:
        """Number of runs that are finished."""
        return sum(len(cell.finished) for cell in self.cells)

    @property
    def total(self) -> int:
        """Number of runs."""
        return len(self.study.cells) * len(self.study.seeds)

    def candidates(self, metric: str) -> list[CellResult]:
        """The cells that may be the best by a metric: those of several seeds, where there are any."""
        cells = [cell for cell in self.cells if metric in cell.metrics]
        return [cell for cell in cells if cell.metrics[metric].n > 1] or cells

    def best_mean(self, metric: str) -> float | None:
        """The best mean of a metric among the candidates; None where there are none."""
        means = [cell.metrics[metric].mean for cell in self.candidates(metric)]
        if not means:
            return None
        return min(means) if self.measures.is_minimized(metric) else max(means)

    def failures(self) -> dict[tuple[str, int], str]:
        """Why runs failed, by cell and seed."""
        recorded = {
            (result.name, seed): record.error or record.status
            for result in self.cells
            for seed, record in result.records.items()
            if record.status == "failed"
        }
        return recorded | dict(self.errors)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "schema": "cltk.study-result/2",
            "name": self.study.name,
            "description": self.study.description,
            "baseline": self.study.baseline,
            "objectives": list(self.measures.objectives),
            "directions": {
                name: "minimize" if self.measures.is_minimized(name) else "maximize" for name in self.metrics
            },
            "seeds": list(self.study.seeds),
            "finished": self.finished,
            "total": self.total,
            "cells": [self._cell(result) for result in self.cells],
        }

    def _cell(self, result: CellResult) -> dict[str, Any]:
        failures = self.failures()
        runs = [_run(result, seed, failures.get((result.name, seed))) for seed in self.study.seeds]
        return {
            "name": result.name,
            "config_hash": result.cell.config_hash,
            "settings": result.cell.settings,
            "runs": runs,
            "metrics": _as_dicts(result.metrics),
            "without_value": dict(result.values.without_value),
            "differences": _as_dicts(result.differences),
            "costs": _as_dicts(result.costs),
        }


def _as_dicts(values: Mapping[str, Estimate] | Mapping[str, PairedDifference]) -> dict[str, Any]:
    return {name: asdict(value) for name, value in values.items()}


def _run(result: CellResult, seed: int, error: str | None) -> dict[str, Any]:
    record = result.records.get(seed)
    if record is None:
        return {"seed": seed, "run_id": None, "status": "failed" if error else "missing", "error": error, "metrics": {}}
    metrics = {name: values[seed] for name, values in result.values.by_seed.items() if seed in values}
    return {
        "seed": seed, "run_id": record.run_id, "status": record.status, "error": record.error, "metrics": metrics,
    }  # fmt: skip
