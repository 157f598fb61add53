"""What a study is about to do, and what that is going to cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch

from cltk.build import Prepared
from cltk.engine.fast.process import prepare_process
from cltk.engine.phases import PhaseRun
from cltk.events import EpochEnded
from cltk.interfaces import Train
from cltk.record import Record
from cltk_studies.answers.records import Records
from cltk_studies.questions.study import Cell

__all__ = ["Clock", "Plan", "PlannedCell", "planned"]

_TRIAL_EPOCHS = 2
_TRIAL_SAMPLES = 500
_TRIALS = 3


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell and what is still to be done of it.

    Attributes:
        cell: The cell.
        done: Its seeds that are finished.
        open: Its seeds that are to run.
        replayed: Samples replayed in an epoch of each task, in all.
        seconds: Of one run, estimated.
    """

    cell: Cell
    done: Sequence[int]
    open: Sequence[int]
    replayed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """All cells, and the number of workers that share them.

    Attributes:
        cells: The cells.
        workers: The number of workers.
        afterwards: What follows once they are done, at the most; not counted among their runs.
    """

    cells: Sequence[PlannedCell]
    workers: int
    afterwards: PlannedCell | None = None

    @property
    def runs(self) -> int:
        """Number of runs that are to be done."""
        return sum(len(planned.open) for planned in self.cells)

    @property
    def seconds(self) -> float:
        """Estimated time for all of it: the workers' share, and at least the longest run."""
        work = [planned.seconds for planned in self.cells for _ in planned.open]
        return max(sum(work) / self.workers, max(work)) if work else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON."""
        cells = [
            {
                "name": planned.cell.name,
                "config_hash": planned.cell.config_hash,
                "settings": planned.cell.settings,
                "done": list(planned.done),
                "open": list(planned.open),
                "samples_replayed": planned.replayed,
                "seconds": round(planned.seconds, 1),
            }
            for planned in self.cells
        ]
        plan = {"runs": self.runs, "workers": self.workers, "seconds": round(self.seconds, 1), "cells": cells}
        if self.afterwards is not None:
            later = Plan([self.afterwards], self.workers)
            plan["afterwards"] = {"runs": later.runs, "seconds": round(later.seconds, 1)}
        return plan


class Clock:
    """Estimates how long runs take, from the samples that they train on.

    Args:
        records: Runs whose time is known.
    """

    def __init__(self, records: Records) -> None:
        self._known: dict[str, list[float]] = {}
        for (config_hash, _), record in records.items():
            if record.status == "finished":
                self._known.setdefault(config_hash, []).append(record.seconds.get("total", 0.0))
        self._rates: dict[tuple[Any, ...], float] = {}

    def seconds(self, prepared: Prepared) -> float:
        """Of a run: as long as this very one took before, else by a short trial of a run alike."""
        if known := self._known.get(prepared.config_hash):
            return sum(known) / len(known)
        strategy = prepared.assemble(0).strategy
        alike = (type(strategy), *sorted(strategy.parts.parameters.items()))
        if alike not in self._rates:
            known_rates = list(self._rates.values())
            enough = len(known_rates) >= _TRIALS
            self._rates[alike] = sum(known_rates) / len(known_rates) if enough else _seconds_per_sample(prepared)
        return self._rates[alike] * _samples(prepared)


def planned(cell: Cell, prepared: Prepared, records: Records, clock: Clock) -> PlannedCell:
    """Plans one cell: what is finished with the versions that would run now is not run again."""
    known = {seed: records.get((cell.config_hash, seed)) for seed in prepared.experiment.seeds}
    done = [seed for seed, record in known.items() if record and _made_by(record, prepared)]
    strategy = prepared.assemble(0).strategy
    replayed = sum(strategy.replay_count(index, size) for index, size in enumerate(prepared.info.sizes))
    left = [seed for seed in known if seed not in done]
    return PlannedCell(cell, done, left, replayed, clock.seconds(prepared))


def _made_by(record: Record, prepared: Prepared) -> bool:
    """Whether a record is finished and of the versions that would run now."""
    versions = (record.plugins, record.environment.get("torch"))
    return record.status == "finished" and versions == (dict(prepared.plugins), torch.__version__)


def _samples(prepared: Prepared) -> int:
    strategy = prepared.assemble(0).strategy
    return sum(size + strategy.replay_count(index, size) for index, size in enumerate(prepared.info.sizes))


def _seconds_per_sample(prepared: Prepared) -> float:
    """Measured on a small part of the first task; 0 where that fails, as the run itself will say why.

    Of each phase a few epochs are trained, and the quickest one counts: the first steps of a process take longer.
    """
    run = prepared.assemble(0)
    task = replace(run.tasks[0], train=run.tasks[0].train[:_TRIAL_SAMPLES])
    seconds = 0.0
    prepare_process()
    try:
        for phase in run.strategy.phases(task, run.streams):
            if isinstance(phase, Train):
                events = PhaseRun(phase, task.index, run, run.streams.at(phase.name)).events()
                epochs = [*islice((event for event in events if isinstance(event, EpochEnded)), _TRIAL_EPOCHS)]
                times = phase.training.rounds(phase.batches.steps)
                seconds += times * min(epoch.seconds for epoch in epochs)
    except Exception:
        return 0.0
    return seconds / len(task.train)
