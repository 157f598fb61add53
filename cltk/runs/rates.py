"""How fast the phases of a run are: what studies are planned by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from cltk.build import Prepared
from cltk.engine import Run, phases_of
from cltk.engine.fast.process import prepare_process
from cltk.engine.phases import PhaseRun
from cltk.events import EpochEnded
from cltk.interfaces import Phase, Task

__all__ = ["Rates", "announced_phases", "measure_rates"]

Rates = Mapping[str, float]
"""Seconds that each phase, by its name, takes for a sample."""

_TRIAL_EPOCHS = 2
_TRIAL_SAMPLES = 500


def measure_rates(prepared: Prepared) -> Rates:
    """Measures the phases of a small part of the first task that has any, which may be the last: none where that fails.

    The run itself will say why. Of each phase a few epochs are trained, and the quickest one counts: the first steps of
    a process take longer.
    """
    run = prepared.assemble(0)
    prepare_process(prepared.threads)
    try:
        measured = (_rates_of(run, replace(task, train=task.train[:_TRIAL_SAMPLES])) for task in run.tasks)
        return next(filter(None, measured), {})
    except Exception:
        return {}


def _rates_of(run: Run, task: Task) -> Rates:
    """The rates of a task's phases."""
    rates: dict[str, float] = {}
    for phase in phases_of(run, task):
        epochs = [*islice(_epochs(run, task, phase), _TRIAL_EPOCHS)]
        if phase.batches.samples:
            rates[phase.name] = min(epoch.seconds for epoch in epochs) / phase.batches.samples
    return rates


def _epochs(run: Run, task: Task, phase: Phase) -> Iterator[EpochEnded]:
    """The epochs of a phase, and those of doing it over: a fit has one, in which it may have imported what it needs."""
    for _ in range(_TRIAL_EPOCHS):
        events = PhaseRun(phase, task.index, run, run.streams.at(phase.name)).events()
        yield from (event for event in events if isinstance(event, EpochEnded))


def announced_phases(run: Run, task: Task) -> Iterator[Phase]:
    """The phases of a task, to ask what they would train on: none of them is trained.

    Where a phase depends on the one before being trained, asking for it may raise anything.
    """
    return phases_of(run, task)
