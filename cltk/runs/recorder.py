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
from cltk.events import EpochEnded, Event, ReplayShown, RunStarted, TaskEnded, TaskResumed, TaskStarted, Warned
from cltk.interfaces import Measure
from cltk.record import DataInfo, Epoch, Record, TaskRecord
from cltk.runs.measuring import measure

__all__ = ["Recorder", "new_record", "run_id"]


def run_id(prepared: Prepared, seed: int) -> str:
    """Names a run by its seed and a digest of all else that its result may depend on; its seeds share the digest."""
    versions = [*sorted(prepared.plugins.items()), torch.__version__]
    relevant = [prepared.config_hash, versions, prepared.precision, prepared.device.type, prepared.threads]
    digest = hashlib.sha256(json.dumps(relevant).encode()).hexdigest()[:12]
    return f"{prepared.experiment.name}-{digest}-seed{seed}"


def new_record(prepared: Prepared, run: Run) -> Record:
    """The record of a run that has not begun."""
    seed, info = run.streams.seed, run.info
    parameters, sizes = run.strategy.parts.parameters, run.strategy.parts.bytes
    return Record(
        run_id=run_id(prepared, seed),
        config=prepared.config,
        config_hash=prepared.config_hash,
        seed=seed,
        plugins=prepared.plugins,
        sources=prepared.resolved.sources,
        info=DataInfo(
            shape=info.shape,
            outputs=info.outputs,
            sizes=list(info.sizes),
            setting=info.setting,
            value_bytes=info.value_bytes,
        ),
        classes=[list(classes) for classes in info.classes],
        warnings=list(prepared.notices),
        parameters=parameters | {"total": sum(parameters.values())},
        bytes=sizes | {"buffer": 0, "extras": 0, "total": sum(sizes.values()), "image": info.image_bytes},
        data_bytes=info.data_bytes,
        device=prepared.device.type,
        precision=prepared.precision,
        threads=prepared.threads,
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
        record: The record of a run that has not begun, or of one that goes on, as far as it came.
        metrics: What to compute after each task, by name; those of several runs are left to whoever has them.
    """

    def __init__(self, record: Record, metrics: Mapping[str, Measure]) -> None:
        self.record = record
        self._metrics = metrics
        self._counts = (0, 0)
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._coverage: dict[int, float] = {}

    def observe(self, event: Event) -> None:
        """Takes note of what happened."""
        match event:
            case RunStarted(goes_on=False):
                self._update(untrained=list(event.untrained), untrained_task_aware=list(event.untrained_task_aware))
            case TaskStarted():
                self._begin(event.current, event.replayed, {})
            case TaskResumed():
                self._begin(event.current, event.replayed, event.seconds)
            case EpochEnded():
                self._observe_epoch(event)
            case ReplayShown():
                self._coverage = event.coverage
            case Warned():
                self.warn(f"task {event.task + 1}, phase '{event.phase}': {event.problem}")
            case TaskEnded():
                self._observe_task(event)

    def warn(self, problem: str) -> None:
        """Notes a problem that does not end the run."""
        self._update(warnings=[*self.record.warnings, problem])

    def _begin(self, current: int, replayed: int, seconds: Mapping[str, float]) -> None:
        self._counts = (current, replayed)
        self._seconds = defaultdict(float, seconds)
        self._coverage = {}

    def _observe_epoch(self, event: EpochEnded) -> None:
        loss = event.loss if event.loss is not None and math.isfinite(event.loss) else None
        epoch = Epoch(task=event.task, phase=event.phase, epoch=event.epoch, loss=loss)
        self._seconds[event.phase] += event.seconds
        self._update(losses=[*self.record.losses, epoch])
        environment = self.record.environment
        if event.together > int(environment.get("together", 1)):
            self._update(environment=environment | {"together": str(event.together)})

    def _observe_task(self, event: TaskEnded) -> None:
        record, (current, replayed) = self.record, self._counts
        self._seconds["total"] = event.seconds
        seconds = {name: round(spent, 3) for name, spent in self._seconds.items()}
        task = TaskRecord(
            classes=record.classes[event.task],
            samples=current,
            replayed=replayed,
            accuracy=list(event.accuracy),
            task_aware=list(event.task_aware),
            confusion=[list(row) for row in event.confusion],
            coverage=self._coverage,
            seconds=seconds,
            operations=event.operations,
            single_pass=event.single_pass,
            model_bytes=event.model_bytes,
            buffer_bytes=event.buffer_bytes,
            extra_bytes=event.extra_bytes,
        )
        kept = {"buffer": event.buffer_bytes, "extras": event.extra_bytes}
        self._update(
            tasks=[*record.tasks, task],
            parameters=dict(event.parameters) | {"total": sum(event.parameters.values())},
            bytes=record.bytes | dict(event.sizes) | kept | {"total": event.model_bytes + sum(kept.values())},
            seconds=_sums([record.seconds, seconds]),
        )
        self._measure()

    def _measure(self) -> None:
        """Computes the metrics of the tasks so far: what the run shows while it goes on."""
        measured = measure(self.record, self._metrics)
        for name, result in measured.items():
            if result.failed:
                self.warn(f"metric '{name}' {result.reason}")
        curves = self.record.curves
        self._update(
            metrics={name: result.value for name, result in measured.items() if result.value is not None},
            curves={name: [*curves.get(name, []), result.value] for name, result in measured.items()},
        )

    def _update(self, **changes: Any) -> None:
        self.record = self.record.model_copy(update=changes)


def _sums(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: round(sum(part.get(name, 0.0) for part in parts), 3) for name in names}
