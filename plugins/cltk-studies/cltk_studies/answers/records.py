"""The records of a study's runs: one a run, found by what was run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from cltk.record import Record
from cltk.runs.reading import read_records

__all__ = ["Records", "best_records", "finished_by_seed", "records_in", "versions_of"]

RunKey = tuple[str, int]
"""A configuration's hash and a seed."""

Records = Mapping[RunKey, Record]


def records_in(store: Path, hashes: Collection[str]) -> Records:
    """The records in a store of runs of these configurations, whatever experiment or study they were part of."""
    return best_records(read_records(store, hashes)[0], hashes)


def best_records(records: Iterable[Record], hashes: Collection[str]) -> Records:
    """One record a run: a finished one where there is one, else the last.

    Of several that are finished with the same versions the first one counts, so that what a study says does not change
    when one of its runs is made again later, under another name.

    A record of version 1 is found by its hash of today and by the one that it was filed under, as studies of then
    have that one.
    """
    best: dict[RunKey, Record] = {}
    for record in records:
        for config_hash in {record.config_hash, record.recorded_hash or ""} & set(hashes):
            run = (config_hash, record.seed)
            known = best.get(run)
            anew = known and record.finished and versions_of(record) != versions_of(known)
            if known is None or not known.finished or anew:
                best[run] = record
    return best


def versions_of(record: Record) -> tuple[Mapping[str, str], Any]:
    """What a run was made with: its components, by distribution, and PyTorch."""
    return record.plugins, record.environment.get("torch")


def finished_by_seed(records: Mapping[int, Record]) -> dict[int, Record]:
    """The runs among those of a cell that count, by seed."""
    return {seed: record for seed, record in records.items() if record.finished}
