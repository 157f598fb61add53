"""The records of a study's runs, wherever they are."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from cltk.errors import StoreError
from cltk.record import Record, read_record

__all__ = ["Records", "Run", "accuracy_of", "best", "records_in"]

Run = tuple[str, int]
"""A configuration's hash and a seed."""

Records = Mapping[Run, Record]


def records_in(store: Path, hashes: Collection[str]) -> Records:
    """The records in a store of runs of these configurations, whatever experiment or study they were part of."""
    return best(_read(store, hashes))


def best(records: Iterable[Record]) -> Records:
    """One record a run: a finished one where there is one, else the last."""
    found: dict[Run, Record] = {}
    for record in records:
        run = (record.config_hash, record.seed)
        if run not in found or found[run].status != "finished" or record.status == "finished":
            found[run] = record
    return found


def accuracy_of(record: Record) -> float:
    """Mean accuracy over all tasks at the end, in [0, 1]."""
    return sum(record.accuracy[-1]) / len(record.accuracy[-1])


def _read(store: Path, hashes: Collection[str]) -> Iterable[Record]:
    for path in sorted(store.glob("*-seed*/record.json"), key=lambda path: path.stat().st_mtime):
        try:
            if json.loads(path.read_bytes()).get("config_hash") in hashes:
                yield read_record(path)
        except (OSError, ValueError, StoreError):
            continue  # Of a run that was killed, or is being written by another version: as good as none.
