"""From a study and the records of its runs to its result: cells measured, and compared with the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cltk.record import Record
from cltk.runs.measuring import FindRecords
from cltk.runs.reading import finished_runs
from cltk.runs.summary import Estimate, estimate
from cltk_studies.answers.measures import StudyMeasures, choose_measures
from cltk_studies.answers.records import Records, finished_by_seed
from cltk_studies.answers.results import COSTS, CellResult, StudyResult
from cltk_studies.answers.statistics import PairedDifference, adjust_by_holm, paired_difference
from cltk_studies.answers.values import CellValues, measure_cell, resolution_of
from cltk_studies.questions.study import Cell, Study

__all__ = ["compare_cells"]


def compare_cells(
    study: Study,
    records: Records,
    errors: Mapping[tuple[str, int], str] | None = None,
    measures: StudyMeasures | None = None,
    find_records: FindRecords | None = None,
) -> StudyResult:
    """Computes the result of a study.

    Args:
        study: The study.
        records: Its runs, as far as there are any.
        errors: Why runs failed, by cell and seed, where they have no record.
        measures: What to measure; by default, what its cells and its objectives name.
        find_records: Where the runs are looked up that metrics of several runs compare with; by default, among
            ``records``.
    """
    measures = measures or choose_measures(study)
    find_records = find_records or _among(records)
    runs = {cell.name: _runs_of(cell, study.seeds, records) for cell in study.cells}
    values = {
        name: measure_cell(by_seed, measures.by_cell[name], measures.asked, measures.absent, find_records)
        for name, by_seed in runs.items()
    }
    resolution = max(map(resolution_of, runs.values()), default=0.0)
    differences = _differences(study.baseline, values, measures, resolution)
    cells = [
        CellResult(cell, runs[cell.name], values[cell.name], differences[cell.name], _costs(runs[cell.name]))
        for cell in study.cells
    ]
    return StudyResult(study, cells, measures, resolution, errors or {})


def _runs_of(cell: Cell, seeds: Sequence[int], records: Records) -> dict[int, Record]:
    return {seed: records[cell.config_hash, seed] for seed in seeds if (cell.config_hash, seed) in records}


def _among(records: Records) -> FindRecords:
    return lambda config_hash: finished_runs(records.values(), config_hash)


def _costs(records: Mapping[int, Record]) -> dict[str, Estimate]:
    finished = finished_by_seed(records).values()
    return {name: estimate([cost(record) for record in finished]) for name, cost in COSTS.items() if finished}


def _differences(
    baseline: str, values: Mapping[str, CellValues], measures: StudyMeasures, resolution: float
) -> dict[str, dict[str, PairedDifference]]:
    """Each cell's differences from the baseline, by metric, adjusted over the cells."""
    differences: dict[str, dict[str, PairedDifference]] = {name: {} for name in values}
    for metric, base in values[baseline].by_seed.items():
        step = resolution if measures.is_share(metric) else 0.0
        compared = {
            name: difference
            for name, cell in values.items()
            if name != baseline and (difference := paired_difference(cell.by_seed.get(metric, {}), base, step))
        }
        for name, difference in adjust_by_holm(compared).items():
            differences[name][metric] = difference
    return differences
