"""What a study is about to do, and what that is going to cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from cltk.build import Prepared, Run
from cltk.record import Record
from cltk.runs.earlier import edited
from cltk.runs.rates import Rates, measure_rates
from cltk_studies.answers.records import Records, versions_of
from cltk_studies.questions.cost import average_rates, count_replayed, estimate_seconds
from cltk_studies.questions.study import Cell

__all__ = ["CostEstimator", "Plan", "PlannedCell", "Planner", "is_current"]

_TRIALS = 5
"""Kinds of runs that are tried out; others are taken to be like them."""


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell and what is still to be done of it.

    Attributes:
        cell: The cell.
        done: Its seeds that are finished.
        open: Its seeds that are to run.
        replayed: Samples replayed in an epoch of each task, in all; None where that is decided while it runs.
        seconds: Of one run, estimated.
        edited: The distributions that were edited in place since runs that are finished.
    """

    cell: Cell
    done: Sequence[int]
    open: Sequence[int]
    replayed: int | None
    seconds: float
    edited: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All cells, and the number of workers that share them.

    Attributes:
        cells: The cells.
        workers: The number of workers.
        afterwards: What follows once they are done, at the most; not counted among their runs.
        notices: What the user should know, a sentence each.
        launched: What would start the workers, as text; None where the calling process works alone, or nobody asked.
    """

    cells: Sequence[PlannedCell]
    workers: int
    afterwards: PlannedCell | None = None
    notices: Sequence[str] = ()
    launched: str | None = None

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
                "seconds": round(planned.seconds, 3),
            }
            for planned in self.cells
        ]
        plan = {"runs": self.runs, "workers": self.workers, "seconds": round(self.seconds, 3), "cells": cells}
        if self.afterwards is not None:
            later = Plan([self.afterwards], self.workers)
            plan["afterwards"] = {"runs": later.runs, "seconds": round(later.seconds, 3)}
        return plan | ({"launched": self.launched} if self.launched else {})


class CostEstimator:
    """Estimates how long runs take: as long as before, or what a short trial says.

    Args:
        records: Runs whose time is known.
    """

    def __init__(self, records: Records) -> None:
        self._known: dict[str, list[float]] = {}
        for (config_hash, _), record in records.items():
            if record.finished:
                self._known.setdefault(config_hash, []).append(record.seconds.get("total", 0.0))
        self._rates: dict[tuple[Any, ...], Rates] = {}

    def estimate_seconds(self, prepared: Prepared, run: Run) -> float:
        """Seconds of a run: as long as this very one took before, else by a short trial of a run alike.

        Args:
            prepared: The experiment.
            run: A fresh run of it, which is asked what it would train on.
        """
        if known := self._known.get(prepared.config_hash):
            return sum(known) / len(known)
        alike = (type(run.strategy), *sorted(run.strategy.parts.parameters.items()))
        if alike not in self._rates:
            self._rates[alike] = (
                average_rates(self._rates.values()) if len(self._rates) >= _TRIALS else measure_rates(prepared)
            )
        return estimate_seconds(run, self._rates[alike])


class Planner:
    """Finds out what of a study is still to be done, and what that costs.

    Args:
        records: The runs that there are.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._costs = CostEstimator(records)

    def plan(self, cell: Cell, prepared: Prepared) -> PlannedCell:
        """Plans one cell: what is finished with the versions that would run now is not run again."""
        known = {seed: self._records.get((cell.config_hash, seed)) for seed in prepared.experiment.seeds}
        done = {seed: record for seed, record in known.items() if record and is_current(record, prepared)}
        run = prepared.assemble(0)
        return PlannedCell(
            cell,
            done=list(done),
            open=[seed for seed in known if seed not in done],
            replayed=count_replayed(run),
            seconds=self._costs.estimate_seconds(prepared, run),
            edited=sorted({name for record in done.values() for name in edited(record, prepared)}),
        )


def is_current(record: Record, prepared: Prepared) -> bool:
    """Whether a record is finished and of the versions that would run now."""
    return record.finished and versions_of(record) == (prepared.plugins, torch.__version__)
