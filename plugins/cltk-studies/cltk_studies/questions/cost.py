"""How long a run is going to take: what a short trial of its phases takes, times what they announce."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection

from cltk.build import Run
from cltk.interfaces import Fit, Phase, Task
from cltk.runs.rates import Rates, announced_phases

__all__ = ["average_rates", "count_replayed", "estimate_seconds"]

_WALK = 0.5
"""Seconds in which phases are asked what they are going to train on; they may draw their replay for that."""


def average_rates(measured: Collection[Rates]) -> Rates:
    """The mean rate of each phase."""
    values: defaultdict[str, list[float]] = defaultdict(list)
    for rates in measured:
        for name, rate in rates.items():
            values[name].append(rate)
    return {name: sum(known) / len(known) for name, known in values.items()}


def estimate_seconds(run: Run, rates: Rates) -> float:
    """Seconds of a fresh run whose phases have these rates; it is not fresh any more.

    Each task's phases are asked for, untrained, and say what they would train on. Where they take long to say it, the
    tasks that are left are taken to be like the one before, in proportion to their samples.
    """
    until = time.monotonic() + _WALK
    seconds: list[float] = []
    for task, size in zip(run.tasks, _sizes(run), strict=True):
        announced = _announced_seconds(run, task, rates) if time.monotonic() < until else None
        if announced is None:
            until = 0.0
            announced = seconds[-1] * size / max(1, _sizes(run)[len(seconds) - 1]) if seconds else 0.0
        seconds.append(announced)
    return sum(seconds)


def count_replayed(run: Run) -> int | None:
    """Samples that are replayed in an epoch of each task, in all; None where that is decided while it runs."""
    if run.strategy.is_adaptive:
        return None
    return sum(run.strategy.replay_count(index, size) for index, size in enumerate(run.info.sizes))


def _announced_seconds(run: Run, task: Task, rates: Rates) -> float | None:
    """What the phases of a task would take; None where they cannot be asked for before they were trained.

    Those of names that were not tried, such as one of a class that a later task brings, are taken to be like the
    quickest that was.
    """
    like = min(rates.values(), default=0.0)
    try:
        return sum(_samples(phase) * rates.get(phase.name, like) for phase in announced_phases(run, task))
    except Exception:
        return None


def _samples(phase: Phase) -> int:
    """Samples of all epochs of a phase."""
    rounds = 1 if isinstance(phase, Fit) else phase.training.rounds(phase.batches.steps)
    return rounds * phase.batches.samples


def _sizes(run: Run) -> list[int]:
    """Own and replayed samples of each task, as far as they are known beforehand."""
    sizes = [len(task.train) for task in run.tasks]
    if run.strategy.is_adaptive:
        return sizes
    return [size + run.strategy.replay_count(index, size) for index, size in enumerate(sizes)]
