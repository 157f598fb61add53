"""What came of an experiment, from its records alone: as it was told when it was run, or with other metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.config import Slot
from cltk.errors import CltkError
from cltk.interfaces import GroupMetric, Measure
from cltk.record import Record
from cltk.resolve import choose_metrics
from cltk.runs.measuring import Measured, load_metrics, measure, measure_groups
from cltk.runs.reading import finished_runs, read_records
from cltk.runs.summary import Summary, summarise

__all__ = ["Recalled", "recall"]


@dataclass(frozen=True, slots=True)
class Recalled:
    """What came of an experiment.

    Attributes:
        records: One a seed, with the metrics that were asked for.
        summary: What several seeds say together; None for a single one.
        without_value: Why a metric that was asked for has no value, by its name.
    """

    records: Sequence[Record]
    summary: Summary | None
    without_value: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The record of a single run; of several, all ``runs`` and their ``summary``; ``without_value`` if any."""
        runs = [record.to_dict() for record in self.records]
        whole = runs[0] if self.summary is None else {"runs": runs, "summary": self.summary}
        return whole | ({"without_value": dict(self.without_value)} if self.without_value else {})


def recall(records: Sequence[Record], store: Path, asked: Sequence[str] = (), *, others: bool = True) -> Recalled:
    """Looks an experiment up again.

    Args:
        records: Its runs, one a seed.
        store: The folder of all runs, where metrics of several runs find all seeds and what they compare with.
        asked: The names of metrics to compute; none for those that the runs were asked for.
        others: Whether to keep the metrics that the runs have beside those.

    Raises:
        ConfigError: There is no such metric, or one is named twice.
        PluginError: One cannot be imported.
    """
    records = sorted(records, key=lambda record: record.seed)
    metrics = load_metrics(asked) if asked else {}
    measured = [measure(record, metrics) for record in records]
    groups = {name: each for name, each in (metrics or _own(records[0])).items() if isinstance(each, GroupMetric)}
    alike = finished_runs(read_records(store)[0], records[0].config_hash) if groups else ()
    over_runs = measure_groups(alike, groups, store)
    if len(records) == 1:
        measured = [measured[0] | over_runs]
    kept = [record.metrics if others or not asked else {} for record in records]
    told = [
        record.model_copy(update={"metrics": own | _values(results)})
        for record, own, results in zip(records, kept, measured, strict=True)
    ]
    summary = None
    if len(records) > 1:
        summary = {**summarise(told), **{name: {"mean": value} for name, value in _values(over_runs).items()}}
    missing = [(name, result) for each in [*measured, over_runs] for name, result in each.items()]
    return Recalled(told, summary, {name: result.reason for name, result in missing if result.value is None})


def _own(record: Record) -> dict[str, Measure]:
    """The metrics that a run was asked for, as far as they are installed."""
    own: dict[str, Measure] = {}
    for metric in record.config.get("metrics") or ():
        with suppress(CltkError):
            own |= {chosen.name: chosen.build() for chosen in choose_metrics([Slot.model_validate(metric)])}
    return own


def _values(measured: Mapping[str, Measured]) -> dict[str, float]:
    return {name: result.value for name, result in measured.items() if result.value is not None}
