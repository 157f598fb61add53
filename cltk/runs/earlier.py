"""Earlier runs of the same experiment and seed: one that a new run does not go on from, or that has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from cltk.build import Prepared
from cltk.errors import StoreError
from cltk.record import Record
from cltk.record_file import read_record
from cltk.runs.recorder import run_id

__all__ = ["describe_earlier", "edited"]

_SHOWN = 3
_LOOKED_AT = 20
"""The newest runs of the same name and seed: reading thousands would delay the start."""


def describe_earlier(prepared: Prepared, seed: int, store: Path) -> str | None:
    """Which run of this experiment and seed a new one does not go on from, and why; None where there is none.

    A result may depend on versions, device, precision and threads: with others, a run gets a folder of its own. Of the
    run's own folder, what was edited since it was begun.
    """
    own = run_id(prepared, seed)
    if (store / own).exists():
        return _describe_edits(store / own, prepared)
    paths = store.glob(f"{prepared.experiment.name}-*-seed{seed}/record.json")
    for path in sorted(paths, key=lambda path: -path.stat().st_mtime)[:_LOOKED_AT]:
        try:
            record = read_record(path)
        except StoreError:
            continue
        if record.config_hash == prepared.config_hash and record.run_id != own:
            return f"'{record.run_id}' is of the same experiment and seed, but {_difference(record, prepared)}."
    return None


def edited(record: Record, prepared: Prepared) -> list[str]:
    """The distributions whose files are others than when the record was begun, though their versions are the same."""
    now, before = prepared.resolved.sources, record.sources
    changed = [slot for slot in now if slot in before and before[slot] != now[slot]]
    return sorted({prepared.plugins[slot] for slot in changed if record.plugins.get(slot) == prepared.plugins[slot]})


def _describe_edits(folder: Path, prepared: Prepared) -> str | None:
    try:
        record = read_record(folder / "record.json")
    except StoreError:
        return None
    if not (changed := edited(record, prepared)):
        return None
    return (
        f"'{record.run_id}' was begun before {', '.join(changed)} was edited in place, under the same version. "
        "To begin anew, add --restart."
    )


def _difference(record: Record, prepared: Prepared) -> str:
    before, now = _circumstances(record), _circumstances(prepared)
    changed = [
        f"{before.get(key, 'nothing known')} instead of {now[key]}" for key in now if before.get(key) != now[key]
    ]
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f"with {', '.join(changed[:_SHOWN])}{more}: it stays as it is, and this run begins anew"


def _circumstances(run: Record | Prepared) -> Mapping[str, str]:
    """What a run's id depends on beside its configuration, in words."""
    if isinstance(run, Record):
        device, version = run.device, run.environment.get("torch", "unknown")
    else:
        device, version = run.device.type, torch.__version__
    return {
        **run.plugins,
        "torch": f"torch {version}",
        "device": f"device {device}",
        "precision": f"precision {run.precision}",
        "threads": f"{run.threads} thread{'s' if run.threads > 1 else ''}",
    }
