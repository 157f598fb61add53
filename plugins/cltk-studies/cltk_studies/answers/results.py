"""What a study says: each cell's means, its differences from the baseline and its cost, from the records alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cltk.record import Record
from cltk_studies.answers.records import Records
from cltk_studies.answers.statistics import Difference, Estimate, difference, estimate, holm
from cltk_studies.questions.study import Cell, Study

__all__ = ["COSTS", "CellResult", "StudyResult", "result_of"]

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
        metrics: Mean and interval of each metric.
        differences: The same of the difference from the baseline; empty for the baseline itself.
        costs: Mean and interval of what a run costs.
    """

    cell: Cell
    records: Mapping[int, Record]
    metrics: Mapping[str, Estimate]
    differences: Mapping[str, Difference]
    costs: Mapping[str, Estimate]

    @property
    def finished(self) -> Sequence[Record]:
        """The runs that count."""
        return [record for record in self.records.values() if record.status == "finished"]


@dataclass(frozen=True, slots=True)
class StudyResult:
    """A study's cells, in order, with the errors of runs that failed before they had a record."""

    study: Study
    cells: Sequence[CellResult]
    errors: Mapping[tuple[str, int], str]

    @property
    def metrics(self) -> list[str]:
        """The names of all metrics."""
        return list(dict.fromkeys(name for result in self.cells for name in result.metrics))

    @property
    def finished(self) -> int:
        """Number of runs that are finished."""
        return sum(len(result.finished) for result in self.cells)

    @property
    def total(self) -> int:
        """Number of runs."""
        return len(self.study.cells) * len(self.study.seeds)

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON."""
        return {
            "schema": "cltk.study-result/1",
            "name": self.study.name,
            "description": self.study.description,
            "baseline": self.study.baseline,
            "seeds": list(self.study.seeds),
            "finished": self.finished,
            "total": self.total,
            "cells": [self._cell(result) for result in self.cells],
        }

    def failures(self) -> dict[tuple[str, int], str]:
        """Why runs failed, by cell and seed."""
        recorded = {
            (result.cell.name, seed): record.error or record.status
            for result in self.cells
            for seed, record in result.records.items()
            if record.status == "failed"
        }
        return recorded | dict(self.errors)

    def _cell(self, result: CellResult) -> dict[str, Any]:
        cell = result.cell
        failures = self.failures()
        return {
            "name": cell.name,
            "config_hash": cell.config_hash,
            "settings": cell.settings,
            "runs": [
                _run(result.records.get(seed), seed, failures.get((cell.name, seed))) for seed in self.study.seeds
            ],
            "metrics": {name: asdict(of) for name, of in result.metrics.items()},
            "differences": {name: asdict(of) for name, of in result.differences.items()},
            "costs": {name: asdict(of) for name, of in result.costs.items()},
        }


def result_of(study: Study, records: Records, errors: Mapping[tuple[str, int], str] | None = None) -> StudyResult:
    """Computes the result of a study.

    Args:
        study: The study.
        records: Its runs, as far as there are any.
        errors: Why runs failed, by cell and seed, where they have no record.
    """
    by_cell = {
        cell.name: {
            seed: records[cell.config_hash, seed] for seed in study.seeds if (cell.config_hash, seed) in records
        }
        for cell in study.cells
    }
    compared = _differences(study, by_cell)
    cells = [_cell_result(cell, by_cell[cell.name], compared.get(cell.name, {})) for cell in study.cells]
    return StudyResult(study, cells, errors or {})


def _cell_result(cell: Cell, records: Mapping[int, Record], differences: Mapping[str, Difference]) -> CellResult:
    values = {name: _by_seed(records, name) for name in _metrics(records)}
    finished = [record for record in records.values() if record.status == "finished"]
    return CellResult(
        cell,
        records,
        {name: estimate(list(of.values())) for name, of in values.items()},
        differences,
        {name: estimate([cost(record) for record in finished]) for name, cost in COSTS.items() if finished},
    )


def _differences(study: Study, by_cell: Mapping[str, Mapping[int, Record]]) -> dict[str, dict[str, Difference]]:
    """Each cell's differences from the baseline, by metric, adjusted over the cells."""
    baseline = by_cell[study.baseline]
    result: dict[str, dict[str, Difference]] = {name: {} for name in by_cell}
    for metric in _metrics(baseline):
        base = _by_seed(baseline, metric)
        others = {name: _by_seed(records, metric) for name, records in by_cell.items() if name != study.baseline}
        compared = {name: found for name, values in others.items() if (found := difference(values, base))}
        for name, found in holm(compared).items():
            result[name][metric] = found
    return result


def _metrics(records: Mapping[int, Record]) -> list[str]:
    return list(
        dict.fromkeys(name for record in records.values() if record.status == "finished" for name in record.metrics)
    )


def _by_seed(records: Mapping[int, Record], metric: str) -> dict[int, float]:
    return {
        seed: record.metrics[metric]
        for seed, record in records.items()
        if record.status == "finished" and metric in record.metrics
    }


def _run(record: Record | None, seed: int, error: str | None) -> dict[str, Any]:
    if record is None:
        return {"seed": seed, "run_id": None, "status": "failed" if error else "missing", "error": error}
    return {"seed": seed, "run_id": record.run_id, "status": record.status, "error": record.error}
