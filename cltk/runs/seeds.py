"""All seeds of an experiment: one run each, and a summary over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.build import Prepared
from cltk.interfaces.sink import RunGroup
from cltk.record import Record
from cltk.runs.claim import claimed
from cltk.runs.ending_html import in_percent, seeds_to_html
from cltk.runs.interval import MINUTE
from cltk.runs.measuring import Measured, measure_groups
from cltk.runs.recorder import run_id
from cltk.runs.runner import execute
from cltk.runs.sinks import Sinks
from cltk.runs.summary import Summary, estimate, summarise
from cltk.runs.together import execute_together

__all__ = ["Ending", "run_seeds"]


@dataclass(frozen=True, slots=True, repr=False)
class Ending:
    """What came of an experiment; a notebook shows it as tables.

    Attributes:
        records: One a seed, in order; fewer where the user interrupted.
        summary: ``mean``, ``std`` and ``ci95`` of each metric over the finished runs; None for a single seed.
        notices: What the user should know, a sentence each.
    """

    records: Sequence[Record]
    summary: Summary | None
    notices: Sequence[str]

    @property
    def exit_status(self) -> int:
        """0 where all runs finished, 130 where the user interrupted, else 1."""
        states = {record.status for record in self.records}
        return 130 if "interrupted" in states else int(states != {"finished"})

    def to_dict(self) -> dict[str, Any]:
        """The record of a single run; of several, all ``runs`` and their ``summary``."""
        runs = [record.to_dict() for record in self.records]
        return runs[0] if self.summary is None else {"runs": runs, "summary": self.summary}

    def __repr__(self) -> str:
        finished = [record.final_accuracy for record in self.records if record.finished]
        accuracy = f", final average accuracy {in_percent(estimate(finished))}" if finished else ""
        return f"<Ending: {len(finished)} of {len(self.records)} seeds finished{accuracy}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return seeds_to_html(self.records, self.summary or {})


def run_seeds(
    prepared: Prepared,
    store: Path,
    sinks: Sinks,
    resume: bool = False,
    checkpoint_every: float = MINUTE,
    *,
    together: bool = False,
) -> Ending:
    """Runs an experiment with each of its seeds; a failed run does not keep the others from running.

    Args:
        prepared: The experiment.
        store: The folder of all runs.
        sinks: Are told of all of it, and closed at the end.
        resume: Whether runs that were cut off go on, and those that are finished stay as they are.
        checkpoint_every: Least number of seconds between two checkpoints within a task; 0 for one after every epoch.
        together: Whether the seeds are trained side by side, as one model where they are alike.

    Raises:
        StoreError: The folder cannot be written, or another process is doing one of the runs.
    """
    group, carry_out = _group(prepared), execute_together if together else _execute_in_turn
    with claimed([store / run_id(prepared, seed) for seed in group.seeds]), sinks:
        sinks.begin_group(group)
        records, notices = carry_out(prepared, store, sinks, resume, checkpoint_every)
        over_runs = measure_groups(records, prepared.build_metrics(), store)
        summary = None
        if len(group.seeds) > 1:
            values = {name: {"mean": result.value} for name, result in over_runs.items() if result.value is not None}
            summary = {**summarise(records), **values}
        sinks.finish_group(group, records, summary or {})
        return Ending(records, summary, [*notices, *_missing(over_runs, summary), *sinks.close()])


def _execute_in_turn(
    prepared: Prepared, store: Path, sinks: Sinks, resume: bool, checkpoint_every: float
) -> tuple[list[Record], Sequence[str]]:
    """The runs of all seeds, one after another, up to one that is interrupted; there is nothing to say of them."""
    records: list[Record] = []
    for seed in prepared.experiment.seeds:
        record = execute(prepared, seed, store, sinks, resume, checkpoint_every)
        records.append(record)
        if record.status == "interrupted":
            break
    return records, ()


def _missing(over_runs: Mapping[str, Measured], summary: Summary | None) -> list[str]:
    """Why metrics of several runs are not in the summary, a sentence each."""
    if summary is None:
        return [f"The metric '{name}' is of several runs: 'cltk runs show' computes it too." for name in over_runs]
    return [f"The metric '{name}': {result.reason}." for name, result in over_runs.items() if result.value is None]


def _group(prepared: Prepared) -> RunGroup:
    experiment = prepared.experiment
    return RunGroup(
        kind="seeds",
        name=experiment.name,
        description=experiment.description,
        config_hash=prepared.config_hash,
        seeds=experiment.seeds,
        definition=prepared.config,
    )
