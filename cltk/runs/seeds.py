"""All seeds of an experiment: one run each, and a summary over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cltk.build import Prepared
from cltk.record import Record
from cltk.runs.interval import MINUTE
from cltk.runs.runner import Sink, execute
from cltk.runs.summary import Summary, summarise
from cltk_mlflow.mirror import Mirror

__all__ = ["Outcome", "run_seeds"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an experiment.

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


def run_seeds(
    prepared: Prepared,
    store: Path,
    tracking_uri: str | None,
    sinks: Sequence[Sink],
    resume: bool = False,
    checkpoint_every: float = MINUTE,
) -> Outcome:
    """Runs an experiment with each of its seeds; a failed run does not keep the others from running.

    With ``resume``, runs that were cut off go on, and those that are finished stay as they are.
    """
    seeds = prepared.experiment.seeds
    records: list[Record] = []
    with Mirror(store, tracking_uri, prepared.experiment) as mirror:
        for seed in seeds:
            record = execute(prepared, seed, store, [*sinks, mirror], resume, checkpoint_every)
            mirror.finish(record)
            records.append(record)
            if record.status == "interrupted":
                break
        summary = summarise(records) if len(seeds) > 1 else None
        mirror.summarise(records, summary or {})
    return Outcome(records, summary, mirror.notices)
