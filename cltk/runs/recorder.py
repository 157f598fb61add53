"""Folding the events of a run into its record."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from cltk.build import Prepared
from cltk.engine import Run
from cltk.events import EpochEnded, Event, ReplayShown, RunStarted, TaskEnded, TaskStarted, Warned
from cltk.interfaces import History, Metric
from cltk.record import SCHEMA, Epoch, Record, Replay

__all__ = ["Recorder", "new_record", "run_id"]


def run_id(prepared: Prepared, seed: int) -> str:
    """Names a run by all that its result may depend on: configuration, seed, versions, precision, device, threads."""
    versions = [*sorted(prepared.plugins.items()), torch.__version__]
    relevant = [prepared.config_hash, seed, versions, prepared.precision, prepared.device.type, torch.get_num_threads()]
    digest = hashlib.sha256(json.dumps(relevant).encode()).hexdigest()[:12]
    return f"{prepared.experiment.name}-{digest}-seed{seed}"


def new_record(prepared: Prepared, run: Run) -> Record:
    """The record of a run that has not begun."""
    seed = run.streams.seed
    parameters, sizes = run.strategy.parts.parameters, run.strategy.parts.bytes
    return Record(
        schema=SCHEMA,
        run_id=run_id(prepared, seed),
        config=prepared.resolved,
        config_hash=prepared.config_hash,
        seed=seed,
        plugins=dict(prepared.plugins),
        warnings=list(prepared.notices),
        parameters=parameters | {"total": sum(parameters.values())},
        bytes=sizes | {"buffer": 0, "total": sum(sizes.values()), "image": prepared.info.pixels},
        device=prepared.device.type,
        precision=prepared.precision,
        threads=torch.get_num_threads(),
        environment=_environment(),
    )


def _environment() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
    }


class Recorder:
    """Keeps a record up to date with the events of its run.

    Args:
        record: The record of a run that has not begun.
        metrics: What to compute after each task, by name.
        data_bytes: Bytes of the training data of all tasks.
        ended: For a run that goes on, what was reported at the end of its tasks.
    """

    def __init__(
        self, record: Record, metrics: Mapping[str, Metric], data_bytes: int, ended: Sequence[TaskEnded] = ()
    ) -> None:
        self.record = record
        self._metrics = metrics
        self._data_bytes = data_bytes
        self.ended = list(ended)
        self._seconds: defaultdict[str, float] = defaultdict(float, record.seconds)

    def observe(self, event: Event) -> None:
        """Takes note of what happened."""
        match event:
            case RunStarted(goes_on=False):
                self._update(classes=[list(classes) for classes in event.classes], accuracy=[list(event.untrained)])
            case TaskStarted():
                replay = self.record.replay
                counts = Replay(counts=[*replay.counts, event.replayed], coverage=replay.coverage)
                self._update(samples=[*self.record.samples, event.current], replay=counts)
            case EpochEnded():
                self._observe_epoch(event)
            case ReplayShown():
                replay = self.record.replay
                self._update(replay=Replay(counts=replay.counts, coverage=[*replay.coverage, event.coverage]))
            case Warned():
                self.warn(f"task {event.task + 1}, phase '{event.phase}': {event.problem}")
            case TaskEnded():
                self._observe_task(event)

    def warn(self, problem: str) -> None:
        """Notes a problem that does not end the run."""
        self._update(warnings=[*self.record.warnings, problem])

    def _observe_epoch(self, event: EpochEnded) -> None:
        loss = event.loss if event.loss is not None and math.isfinite(event.loss) else None
        epoch = Epoch(task=event.task, phase=event.phase, epoch=event.epoch, loss=loss)
        self._seconds[event.phase] += event.seconds
        self._update(losses=[*self.record.losses, epoch], seconds=self._rounded_seconds())

    def _observe_task(self, event: TaskEnded) -> None:
        self.ended.append(event)
        self._seconds["total"] += event.seconds
        sizes = self.record.bytes
        total = event.model_bytes + event.buffer_bytes
        self._update(
            accuracy=[*self.record.accuracy, list(event.accuracy)],
            operations=[*self.record.operations, event.operations],
            bytes=sizes | {"buffer": event.buffer_bytes, "total": total},
            seconds=self._rounded_seconds(),
        )
        values = {name: self._value(name, metric) for name, metric in self._metrics.items()}
        curves = self.record.curves
        self._update(
            metrics={name: value for name, value in values.items() if value is not None},
            curves={name: [*curves.get(name, []), value] for name, value in values.items()},
        )

    def _value(self, name: str, metric: Metric) -> float | None:
        """The metric of the tasks so far; None where it is undefined."""
        try:
            value = float(metric.value(self.history))
        except Exception as error:
            self.warn(f"metric '{name}' failed: {type(error).__name__}: {error}")
            return None
        return value if math.isfinite(value) else None

    @property
    def history(self) -> History:
        """What was measured over the tasks so far."""
        ended = self.ended
        return History(
            accuracy=tuple(tuple(row) for row in self.record.accuracy),
            model_bytes=tuple(event.model_bytes for event in ended),
            buffer_bytes=tuple(event.buffer_bytes for event in ended),
            data_bytes=self._data_bytes,
            operations=tuple(event.operations for event in ended),
            single_pass=tuple(event.single_pass for event in ended),
        ).until(len(ended))

    def _rounded_seconds(self) -> dict[str, float]:
        return {name: round(seconds, 3) for name, seconds in self._seconds.items()}

    def _update(self, **changes: Any) -> None:
        self.record = self.record.model_copy(update=changes)
