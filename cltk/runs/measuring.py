"""Metrics as views of records: values computed at any time, without running anything again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cltk.config import Overrides, Slot, check
from cltk.errors import CltkError, NotRecordedError
from cltk.experiment import Experiment, qualified_names
from cltk.interfaces import GroupMetric, History, Measure, Metric
from cltk.kinds import SLOTS
from cltk.layers import overlay
from cltk.record import Record
from cltk.registry import find, load
from cltk.resolve import choose_metrics, resolve
from cltk.runs.reading import finished_runs, read_records

__all__ = [
    "FindRecords",
    "Measured",
    "load_metrics",
    "measure",
    "measure_group",
    "measure_groups",
    "measure_runs",
    "overlaid",
    "remeasured",
]

FindRecords = Callable[[str], Sequence[Record]]
"""Finds the finished runs of a configuration by its hash, by seed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The value of a metric, or why there is none.

    Attributes:
        value: The value; None where there is none.
        reason: Why there is none, in words; empty where there is one.
        failed: Whether the metric itself is at fault.
    """

    value: float | None
    reason: str = ""
    failed: bool = False


def load_metrics(names: Sequence[str] | None = None) -> dict[str, Measure]:
    """The metrics of these names, or those that are offered as defaults, by the shortest name of each.

    Raises:
        ConfigError: There is no such metric, or one is named twice.
        PluginError: One cannot be imported.
    """
    slots = None if names is None else [Slot(name=name) for name in names]
    return {chosen.name: chosen.build() for chosen in choose_metrics(slots)}


def measure(record: Record, metrics: Mapping[str, Measure]) -> dict[str, Measured]:
    """The metrics of one run over the tasks that it learned; those of several runs are left out.

    A record of version 1 may lack what a metric needs: it then keeps the value that it stored, if it stored one.
    """
    single = {name: metric for name, metric in metrics.items() if isinstance(metric, Metric)}
    if not record.tasks:
        return dict.fromkeys(single, Measured(None, "no task was learned"))
    history = History.of(record)
    return {
        name: _with_stored(_measured(partial(metric.value, history)), record, name, metric)
        for name, metric in single.items()
    }


def remeasured(record: Record, metrics: Mapping[str, Measure], asked: Sequence[Overrides]) -> Record:
    """The record with the metrics that are asked for now, where it was begun with others.

    Args:
        record: A run, as far as it came.
        metrics: The metrics by name.
        asked: Their names and settings, as a record's configuration has them.
    """
    if record.config.get("metrics") == asked:
        return record
    parts = [record.tasks[:learned] for learned in range(1, len(record.tasks) + 1)]
    measured = [measure(record.model_copy(update={"tasks": tasks, "metrics": {}}), metrics) for tasks in parts]
    last = measured[-1] if measured else {}
    changes = {
        "config": {**record.config, "metrics": list(asked)},
        "metrics": {name: result.value for name, result in last.items() if result.value is not None},
        "curves": {name: [results[name].value for results in measured] for name in last},
        "warnings": [
            *record.warnings,
            *(f"metric '{n}' {result.reason}" for n, result in last.items() if result.failed),
        ],
    }
    return record.model_copy(update=changes)


def measure_group(records: Sequence[Record], metric: GroupMetric, find_records: FindRecords) -> Measured:
    """A metric of several runs of one experiment.

    Of the runs that it compares with, those of the same seeds count, as a seed may decide the order of the classes; all
    of them where there are none.

    Args:
        records: The runs; those that are not finished are left out.
        metric: The metric.
        find_records: Where the runs of the experiments that it compares with are looked up.
    """
    finished = sorted((record for record in records if record.finished), key=lambda record: record.seed)
    if not finished:
        return Measured(None, "no run is finished")
    references: dict[str, Sequence[Record]] = {}
    seeds = {record.seed for record in finished}
    try:
        for name, overrides in metric.references(finished[0].config).items():
            found = find_records(resolve(overlaid(finished[0], overrides)).config_hash)
            if not found:
                return Measured(None, f"no finished run of its reference '{name}' is in the store")
            references[name] = [record for record in found if record.seed in seeds] or found
    except CltkError as error:
        return Measured(None, f"its references cannot be resolved: {error.problem}")
    return _measured(partial(metric.value, finished, references))


def measure_groups(records: Sequence[Record], metrics: Mapping[str, Measure], store: Path) -> dict[str, Measured]:
    """Those of the metrics that are of several runs, with references from a store; the others are left out."""
    groups = {name: metric for name, metric in metrics.items() if isinstance(metric, GroupMetric)}
    find_records = partial(finished_runs, read_records(store)[0] if groups else [])
    return {name: measure_group(records, metric, find_records) for name, metric in groups.items()}


def measure_runs(
    records: Sequence[Record], metrics: Mapping[str, Measure], among: Sequence[Record]
) -> list[dict[str, float | None]]:
    """The values of all metrics for each run; None where one has none.

    One of several runs has the value of all finished runs of the run's configuration.

    Args:
        records: The runs.
        metrics: The metrics by name.
        among: All runs that there are, to find those that metrics of several runs need.
    """
    groups = {name: metric for name, metric in metrics.items() if isinstance(metric, GroupMetric)}
    find_records = partial(finished_runs, among)
    over_runs = {
        config_hash: {
            name: measure_group(find_records(config_hash), each, find_records) for name, each in groups.items()
        }
        for config_hash in {record.config_hash for record in records}
    }
    measured = [measure(record, metrics) | over_runs[record.config_hash] for record in records]
    return [{name: results[name].value for name in metrics} for results in measured]


def overlaid(record: Record, overrides: Overrides) -> Experiment:
    """The experiment of a record with ``overrides`` laid over it; slots that its strategy does not use are left empty.

    Raises:
        ConfigError: There is no such strategy, or a field is not valid.
        PluginError: The strategy cannot be imported.
    """
    layer = overlay([qualified_names(record.config, record.plugins), overrides])
    used = ("scenario", "strategy", *load(find("strategy", layer["strategy"]["name"])).slots)
    kept = {key: value for key, value in layer.items() if key not in SLOTS or key in used or key in overrides}
    return check(Experiment, kept, f"the experiment of '{record.run_id}'")


def _measured(compute: Callable[[], Any]) -> Measured:
    """A value; a reason where it is not a finite number, or where a metric that is at fault raises."""
    try:
        value = float(compute())
    except NotRecordedError as error:
        return Measured(None, error.problem)
    except Exception as error:
        return Measured(None, f"failed: {type(error).__name__}: {error}", failed=True)
    return Measured(value) if math.isfinite(value) else Measured(None, "undefined for what was measured")


def _with_stored(measured: Measured, record: Record, name: str, metric: Measure) -> Measured:
    if measured.value is not None or name not in record.metrics or not _same_settings(record, name, metric):
        return measured
    return Measured(record.metrics[name])


def _same_settings(record: Record, name: str, metric: Measure) -> bool:
    """Whether the metric that a record has a value of was set as this one is."""
    settings = metric.config.model_dump(mode="json")
    for recorded in record.config.get("metrics") or ():
        if isinstance(recorded, Mapping) and str(recorded.get("name")).rpartition(":")[2] == name.rpartition(":")[2]:
            return all(settings.get(field) == value for field, value in recorded.items() if field != "name")
    return False
