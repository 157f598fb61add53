"""What MLflow shows of a record, as plain names and values."""

from __future__ import annotations

import hashlib
import json
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cltk.interfaces import RunGroup
from cltk.kinds import SLOTS
from cltk.mappings import flatten
from cltk.record import Record

__all__ = [
    "ATTEMPT_TAG",
    "ENDED",
    "RUN_TAG",
    "SOURCE",
    "Point",
    "accuracy_points",
    "cost_points",
    "data_digest",
    "final_points",
    "group_about",
    "mean_curves",
    "mean_points",
    "params",
    "run_name",
    "run_tags",
    "summary_points",
    "task_points",
]

Point = tuple[str, float, int]
"""A metric's name, its value and its step."""

SOURCE = {"mlflow.source.name": "cltk", "mlflow.source.type": "LOCAL"}
"""Tags that say what made a run."""

ENDED = {"finished": "FINISHED", "failed": "FAILED", "interrupted": "KILLED", "running": "KILLED"}
"""What MLflow calls the ends of a run, by the status in its record: one that still says 'running' was cut off."""

RUN_TAG = "cltk.run_id"
"""The tag of an MLflow run that says which run of cltk it shows."""

ATTEMPT_TAG = "cltk.attempt"
"""The tag that nothing else has: by it whoever was cut off while it created an MLflow run finds that again."""

_VALUE_LENGTH = 6000
_NO_SETTINGS = ("name", "description", "seeds")
_NAMED = ("generator", "schedule", "strategy")


def run_name(record: Record, seeds: str) -> str:
    """A name such as ``seed 0 · vae · fixed · generative-replay``; slots that are empty are left out.

    What tells runs apart comes first, as MLflow's list shows some twenty characters.
    """
    names = _slot_names(record.config)
    return " · ".join([seeds, *(names[slot] for slot in _NAMED if slot in names)])


def group_about(group: RunGroup) -> str:
    """What a group is of: the cells of a study, or else its components; empty where that is not said."""
    cells = [str(cell["name"]) for cell in group.definition.get("cells", ())]
    return " · ".join(cells or _slot_names(group.definition).values())


def run_tags(record: Record) -> dict[str, str]:
    """What runs are searched and grouped by: the component in each slot and what identifies the configuration."""
    return {**_slot_names(record.config), "config_hash": record.config_hash, **SOURCE}


def params(record: Record) -> dict[str, str]:
    """The settings, each by its dotted path, and what the run ran with; those that are not set are left out."""
    config = {name: value for name, value in record.config.items() if name not in _NO_SETTINGS}
    settings = {path: _text(value) for path, value in flatten(config) if value is not None}
    plugins = {f"plugins.{name}": version for name, version in record.plugins.items()}
    machine = {"device": record.device, "precision": record.precision, "threads": str(record.threads)}
    everything = {**settings, **plugins, **machine}
    return {_allowed(name): value[:_VALUE_LENGTH] for name, value in everything.items()}


def data_digest(record: Record) -> str:
    """Identifies what a run was trained on: the scenario with its settings, and the classes of its tasks."""
    data = [record.config["scenario"], record.classes, record.samples]
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]


def task_points(record: Record, learned: int) -> list[Point]:
    """What is to be logged when ``learned`` tasks are learned: accuracy, metrics, cost and that task's losses.

    Args:
        record: The run, at least as far as these tasks.
        learned: Number of tasks learned, the step of all but the losses; 0 for the row before any training.
    """
    values = dict(_accuracy(record, learned))
    if learned:
        values.update(_curves(record, learned - 1))
        values.update(_cost(record, learned - 1))
    points = [(_allowed(name), float(value), learned) for name, value in values.items()]
    return points + list(_losses(record, learned - 1))


def accuracy_points(record: Record, learned: int) -> list[Point]:
    """The accuracy on each task when ``learned`` tasks are learned, and their mean."""
    return [(_allowed(name), value, learned) for name, value in _accuracy(record, learned)]


def final_points(record: Record) -> list[Point]:
    """What is known at the end: the metrics under their own names, time and memory."""
    values = {**record.metrics, **_costs_in_all(record)}
    learned = max(len(record.accuracy) - 1, 0)
    return [(_allowed(name), float(value), learned) for name, value in values.items()]


def summary_points(summary: Mapping[str, Mapping[str, float]], step: int = 0) -> list[Point]:
    """A summary over seeds: the mean under the metric's own name, the rest with a suffix."""
    values = {
        (name if statistic == "mean" else f"{name}.{statistic}"): value
        for name, measures in summary.items()
        for statistic, value in measures.items()
    }
    return [(_allowed(name), float(value), step) for name, value in values.items()]


def mean_points(records: Sequence[Record]) -> list[Point]:
    """The mean of each metric over runs that have ended well, at a step that counts them."""
    return _means([record.metrics for record in records])


def cost_points(records: Sequence[Record]) -> list[Point]:
    """What a run costs in the mean, under the names that it has in a single run, at a step that counts the runs."""
    return _means([_costs_in_all(record) for record in records])


def mean_curves(records: Sequence[Record]) -> list[Point]:
    """What each run has a curve of over the tasks, averaged over the runs."""
    values: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    for record in records:
        for learned in range(len(record.accuracy)):
            for name, value, step in task_points(record, learned):
                values[name, step].append(value)
    return [(name, statistics.fmean(numbers), step) for (name, step), numbers in values.items()]


def _means(runs: Sequence[Mapping[str, float]]) -> list[Point]:
    names = dict.fromkeys(name for values in runs for name in values)
    numbers = {name: [values[name] for values in runs if name in values] for name in names}
    return [(_allowed(name), statistics.fmean(those), len(runs)) for name, those in numbers.items()]


def _costs_in_all(record: Record) -> dict[str, float]:
    """What a run costs; samples replayed are those of one epoch of each task."""
    return {
        **{f"seconds/{name}": value for name, value in record.seconds.items()},
        **{f"parameters/{name}": value for name, value in record.parameters.items()},
        **{f"bytes/{name}": value for name, value in record.bytes.items()},
        "samples_replayed/total": sum(record.replay.counts),
    }


def _accuracy(record: Record, learned: int) -> Iterator[tuple[str, float]]:
    if learned >= len(record.accuracy):
        return
    row = record.accuracy[learned]
    digits = len(str(len(row)))
    for task, value in enumerate(row, start=1):
        yield f"accuracy/task_{task:0{digits}}", value
    if learned:
        yield "accuracy/seen_so_far", record.seen_accuracy(learned)


def _curves(record: Record, task: int) -> Iterator[tuple[str, float]]:
    for name, curve in record.curves.items():
        value = curve[task] if task < len(curve) else None
        if value is not None:
            yield f"metrics_by_task/{name}", value


def _cost(record: Record, task: int) -> Iterator[tuple[str, float]]:
    if task < min(len(record.samples), len(record.replay.counts)):
        current, replayed = record.samples[task], record.replay.counts[task]
        yield "samples/current", current
        yield "samples/replayed", replayed
        yield "samples/total", current + replayed
        yield "samples/cumulative", sum(record.samples[: task + 1]) + sum(record.replay.counts[: task + 1])
    if task < len(record.operations):
        yield "operations/task", record.operations[task]
        yield "operations/cumulative", sum(record.operations[: task + 1])


def _losses(record: Record, task: int) -> Iterator[Point]:
    """Losses of one task, at steps that count a phase's epochs over all tasks, so that its curve goes on."""
    steps: Counter[str] = Counter()
    for epoch in record.losses:
        steps[epoch.phase] += 1
        if epoch.task == task and epoch.loss is not None:
            yield _allowed(f"loss/{epoch.phase}"), epoch.loss, steps[epoch.phase]


def _slot_names(config: Mapping[str, Any]) -> dict[str, str]:
    slots = {slot: config.get(slot) for slot in SLOTS}
    return {slot: str(content["name"]) for slot, content in slots.items() if content and content.get("name")}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _allowed(name: str) -> str:
    """A name that MLflow accepts; a third party's metric or phase may be called anything."""
    return re.sub(r"[^\w\-./: ]", "_", name)[:250]
