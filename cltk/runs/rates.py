"""How fast the phases of a run are: what studies are planned by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from cltk.build import Prepared
from cltk.engine.fast.process import prepare_process
from cltk.engine.phases import PhaseRun
from cltk.events import EpochEnded

__all__ = ["Rates", "measure_rates"]

Rates = Mapping[str, float]
"""Seconds that each phase, by its name, takes for a sample."""

_TRIAL_EPOCHS = 2
_TRIAL_SAMPLES = 500


def measure_rates(prepared: Prepared) -> Rates:
    """Measures the phases of a small part of the first task; none where that fails, as the run itself will say why.

    Of each phase a few epochs are trained, and the quickest one counts: the first steps of a process take longer.
    """
    run = prepared.assemble(0)
    task = replace(run.tasks[0], train=run.tasks[0].train[:_TRIAL_SAMPLES])
    rates: dict[str, float] = {}
    prepare_process()
    try:
        for phase in run.strategy.phases(task, run.streams):
            events = PhaseRun(phase, task.index, run, run.streams.at(phase.name)).events()
            epochs = [*islice((event for event in events if isinstance(event, EpochEnded)), _TRIAL_EPOCHS)]
            if phase.batches.samples:
                rates[phase.name] = min(epoch.seconds for epoch in epochs) / phase.batches.samples
    except Exception:
        return {}
    return rates
