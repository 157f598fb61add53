"""The objective of a study: one metric, or several, of whichever package."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cltk.build import Prepared
from cltk.config import Slot
from cltk.errors import ConfigError
from cltk.interfaces import GroupMetric, Measure, ScenarioInfo
from cltk.record import Record, TaskRecord
from cltk.resolve import choose_metrics
from cltk.runs.measuring import Measured, measure, measure_group

__all__ = ["ACCURACY", "COST", "Objective", "ObjectiveNames", "UndefinedObjectiveError"]

ACCURACY, COST = "final-average-accuracy", "samples-replayed"
"""The metrics that searches are for where nothing else is said: the second one too where cost counts."""

ObjectiveNames = Annotated[
    tuple[str, ...],
    Field(min_length=1, description="a metric, or a list of metrics, the most important one first"),
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=str | tuple[str, ...]
    ),
]
"""The type of a field for an objective."""


class UndefinedObjectiveError(ConfigError):
    """An objective that has no value for the runs that it is asked of."""


@dataclass(frozen=True, slots=True)
class Objective:
    """The metrics that decide what is better.

    Attributes:
        metrics: The metrics by name, the most important one first.
    """

    metrics: Mapping[str, Measure]

    @classmethod
    def find(cls, names: Sequence[str], metrics: Sequence[Any] = ()) -> Objective:
        """Finds and imports the metrics.

        Args:
            names: Their names.
            metrics: The metrics of an experiment, whose settings hold here too.

        Raises:
            ConfigError: A name is none of a metric, or is there twice.
            PluginError: A metric cannot be imported.
        """
        known = [Slot.model_validate({"name": slot} if isinstance(slot, str) else slot) for slot in metrics]
        settings = {str(slot.name).rpartition(":")[2]: slot.settings for slot in known}
        slots = [Slot(name=name, **settings.get(name.rpartition(":")[2], {})) for name in names]
        return cls({chosen.name: chosen.build() for chosen in choose_metrics(slots)})

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        """Of each metric, as its class says."""
        return [metric.direction for metric in self.metrics.values()]

    def values(self, records: Sequence[Record]) -> list[float]:
        """The value of each metric: of several runs, the mean, or what a metric of several runs says.

        Raises:
            UndefinedObjectiveError: One has no value.
        """
        return [self._value(name, metric, records) for name, metric in self.metrics.items()]

    def check(self, prepared: Prepared, seeds: Sequence[int], *, alone: bool) -> None:
        """Checks that the objective can have a value, before anything is run: on runs that are made up.

        Args:
            prepared: The experiment.
            seeds: One run each.
            alone: Whether the runs of this experiment are all there is, as in a search.

        Raises:
            ConfigError: A metric compares with runs of other experiments, though these are ``alone``.
            UndefinedObjectiveError: A metric is not defined for so few tasks or seeds.
        """
        for name, metric in self.metrics.items():
            compares = isinstance(metric, GroupMetric) and metric.references(prepared.config)
            if compares and alone:
                raise ConfigError(
                    f"The metric '{name}' compares runs with those of other experiments, which a search does not run.",
                    "Name another objective, such as final-average-accuracy.",
                )
            if not compares:
                self._value(name, metric, [_make_up(prepared, seed, number) for number, seed in enumerate(seeds)])

    def _value(self, name: str, metric: Measure, records: Sequence[Record]) -> float:
        if isinstance(metric, GroupMetric):
            return _require(name, measure_group(records, metric, lambda config_hash: []), records)
        return statistics.fmean(_require(name, measure(record, {name: metric})[name], records) for record in records)


def _require(name: str, measured: Measured, records: Sequence[Record]) -> float:
    if measured.value is None:
        where = f"{len(records[0].classes)} tasks and {len(records)} seeds"
        raise UndefinedObjectiveError(
            f"The objective '{name}' has no value for {where}: {measured.reason}.",
            "Name another one with --objective: 'cltk plugins list' shows all metrics.",
        )
    return measured.value


def _make_up(prepared: Prepared, seed: int, number: int) -> Record:
    """A record of a run that was never made, with plausible numbers that differ between tasks and runs."""
    info = prepared.info
    rows = [_made_up_row(info, learned, number) for learned in range(info.tasks + 1)]
    return Record(
        run_id="made-up",
        status="finished",
        config=prepared.config,
        config_hash=prepared.config_hash,
        seed=seed,
        plugins=prepared.plugins,
        classes=[list(labels) for labels in info.classes],
        untrained=rows[0],
        untrained_task_aware=rows[0],
        tasks=[_make_up_task(info, task, rows[task + 1]) for task in range(info.tasks)],
        data_bytes=info.data_bytes,
    )


def _made_up_row(info: ScenarioInfo, learned: int, number: int) -> list[float]:
    seen = [0.9 - 0.05 * (learned - task) / info.tasks - 0.001 * number for task in range(learned)]
    return seen + [0.1 + 0.01 * number / (number + 1)] * (info.tasks - learned)


def _make_up_task(info: ScenarioInfo, task: int, row: list[float]) -> TaskRecord:
    labels = sorted({label for classes in info.classes for label in classes})
    size = max(labels) + 1
    counts = [[9 if row_label == column else 1 for column in range(size)] for row_label in range(size)]
    return TaskRecord(
        classes=list(info.classes[task]),
        samples=info.sizes[task],
        replayed=task * info.sizes[task],
        accuracy=row,
        task_aware=row,
        confusion=counts,
        coverage={label: 1 / len(labels) for label in labels},
        seconds={"total": 1.0},
        operations=10**9,
        single_pass=10**8,
        model_bytes=10**6,
        buffer_bytes=10**5,
        extra_bytes=0,
    )
