"""The values of metrics in one cell of a study, computed from the records of its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cltk.interfaces import GroupMetric, Measure
from cltk.record import Record
from cltk.runs.measuring import FindRecords, Measured, measure, measure_group
from cltk.runs.summary import Estimate, estimate
from cltk_studies.answers.records import finished_by_seed

__all__ = ["CellValues", "measure_cell", "resolution_of"]


@dataclass(frozen=True, slots=True)
class CellValues:
    """What metrics say of a cell.

    Attributes:
        by_seed: The value of each metric of one run, by the name of the metric and by seed.
        estimates: The mean of each metric over the seeds, and the value of each metric of several runs.
        without_value: Why a metric has no value at all, by its name.
    """

    by_seed: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    without_value: Mapping[str, str] = field(default_factory=dict)


def measure_cell(
    records: Mapping[int, Record],
    measures: Mapping[str, Measure],
    asked: Sequence[str],
    absent: Mapping[str, str],
    find_records: FindRecords,
) -> CellValues:
    """Measures the finished runs of a cell.

    Args:
        records: The runs by seed, finished or not.
        measures: The metrics.
        asked: Those of them that are computed even where a record of version 1 has a value of its own.
        absent: Why further metrics cannot be computed, by name; values of them that are stored are kept.
        find_records: Where the runs are looked up that metrics of several runs compare with.
    """
    finished = finished_by_seed(records)
    measured = {seed: _measure_run(record, measures, asked, absent) for seed, record in finished.items()}
    by_seed: dict[str, dict[int, float]] = {}
    without_value: dict[str, str] = {}
    for seed, values in measured.items():
        for name, found in values.items():
            if found.value is None:
                without_value.setdefault(name, found.reason)
            else:
                by_seed.setdefault(name, {})[seed] = found.value
    estimates = {name: estimate(list(values.values())) for name, values in by_seed.items()}
    for name, metric in measures.items() if finished else ():
        if isinstance(metric, GroupMetric):
            found = measure_group(list(finished.values()), metric, find_records)
            if found.value is None:
                without_value[name] = found.reason
            else:
                estimates[name] = Estimate(len(finished), found.value)
    return CellValues(by_seed, estimates, {name: why for name, why in without_value.items() if name not in estimates})


def resolution_of(records: Mapping[int, Record]) -> float:
    """The smallest step between two accuracies of a cell's runs: one evaluated sample; 0 where that is not recorded."""
    confusions = [record.tasks[-1].confusion for record in finished_by_seed(records).values() if record.tasks]
    counts = [sum(count for row in confusion for count in row) for confusion in confusions if confusion]
    fewest = min(counts, default=0)
    return 1 / fewest if fewest else 0.0


def _measure_run(
    record: Record, measures: Mapping[str, Measure], asked: Sequence[str], absent: Mapping[str, str]
) -> dict[str, Measured]:
    """The values of one run. What a record of version 1 stored is reported as it was, unless it is asked for anew."""
    values = {name: Measured(None, why) for name, why in absent.items()} | measure(record, measures)
    is_kept = [name for name in absent if name in record.metrics]
    if record.recorded_hash is not None:
        is_kept += [name for name in record.metrics if name in values and name not in asked]
    return values | {name: Measured(record.metrics[name]) for name in is_kept}
