"""Finding records again in a store."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from cltk.errors import ConfigError, Faults, StoreError, closest
from cltk.record import Record
from cltk.record_file import read_record

__all__ = ["find_folders", "find_record", "find_records", "finished_runs", "read_records", "without_seed"]

LATEST = "latest"
"""What stands for the run that was written last."""
_SEED = re.compile(r"-seed\d+$")
_SHOWN = 3


def read_records(store: Path, hashes: Collection[str] | None = None) -> tuple[list[Record], list[str]]:
    """The records in a store, the oldest first.

    Args:
        store: The folder of all runs.
        hashes: Of which configurations, also as records of version 1 were filed; None for all.

    Returns:
        The records, and what is wrong with each file that cannot be read, a sentence each.
    """
    records: list[Record] = []
    problems: list[str] = []
    for path in _record_files(store):
        try:
            record = _read(path)
        except StoreError as error:
            problems.append(error.problem)
            continue
        if hashes is None or record.config_hash in hashes or record.recorded_hash in hashes:
            records.append(record)
    return records, problems


def find_record(store: Path, run_id: str) -> Record:
    """The record of a run in a store.

    Args:
        store: The folder of all runs.
        run_id: Its id, or as much of the beginning as tells it from the others; ``latest`` for the last one written.

    Raises:
        ConfigError: There is no such run, or several runs begin so.
        StoreError: Its record is incomplete or altered.
    """
    folders = find_folders(store, [run_id])
    if len(folders) > 1:
        names = [folder.name for folder in folders]
        raise ConfigError(f"{len(folders)} runs begin with '{run_id}'.", f"Give one of them: {_some(names)}.")
    return _read(folders[0] / "record.json")


def find_records(store: Path, run_ids: Iterable[str]) -> list[Record]:
    """The records of several runs, each once.

    Args:
        store: The folder of all runs.
        run_ids: Ids or their beginnings, as ``find_record`` takes them; a beginning that all seeds of an experiment
            share stands for all of them.

    Raises:
        ConfigError: There is no such run, or runs of several experiments begin so; it tells of all ids.
        StoreError: A record is incomplete or altered.
    """
    return [_read(folder / "record.json") for folder in find_folders(store, run_ids)]


def find_folders(store: Path, run_ids: Iterable[str]) -> list[Path]:
    """The folders of several runs, each once, whatever is the matter with their records; see ``find_records``.

    Raises:
        ConfigError: There is no such run, or runs of several experiments begin so; it tells of all ids.
    """
    names, faults = [path.parent.name for path in _record_files(store)], Faults()
    found: dict[str, None] = {}
    for run_id in run_ids:
        with faults.further():
            found |= dict.fromkeys(_full_ids(run_id, names, store))
    faults.settle()
    return [store / name for name in found]


def without_seed(run_id: str) -> str:
    """What the ids of all seeds of an experiment begin with."""
    return _SEED.sub("", run_id)


def _full_ids(run_id: str, names: Sequence[str], store: Path) -> list[str]:
    """The ids that are meant: one, or those of all seeds of an experiment."""
    if run_id == LATEST and names:
        return [names[-1]]
    matches = [run_id] if run_id in names else [name for name in names if run_id and name.startswith(run_id)]
    experiments = sorted({without_seed(name) for name in matches})
    if len(experiments) > 1:
        raise ConfigError(
            f"{len(matches)} runs begin with '{run_id}', of several experiments.",
            f"Give more of the id of one: {_some(experiments)}.",
        )
    if not matches:
        advice = (
            closest(run_id, names, "cltk runs list")
            if names
            else f"Name the folder of its store: --store, or in Python 'store'; '{store}' has no run."
        )
        raise ConfigError(f"There is no run '{run_id}' in '{store}'.", advice)
    return matches


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" or {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _record_files(store: Path) -> list[Path]:
    """The records in a store, the oldest first, among them those that cannot be read."""
    if not store.is_dir():
        return []
    try:
        paths = {folder / "record.json": _written(folder / "record.json") for folder in store.iterdir()}
    except OSError as error:
        raise StoreError(f"Cannot read '{store}': {error.strerror or error}", "Choose another folder.") from error
    return sorted((path for path in paths if paths[path] is not None), key=lambda path: paths[path] or 0.0)


def _written(path: Path) -> float | None:
    """When a file, or a link, was written; None where there is none. One that cannot be looked at counts as old."""
    try:
        return path.lstat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return 0.0


def _read(path: Path) -> Record:
    record = read_record(path)
    if record.run_id != path.parent.name:
        # What else a run left behind is looked for under its id.
        raise StoreError(
            f"'{path}' is the record of another run, '{record.run_id}'.", "Give the folder its name, or remove it."
        )
    return record


def finished_runs(records: Iterable[Record], config_hash: str) -> Sequence[Record]:
    """The finished runs of a configuration, by seed; of several with one seed, the last."""
    by_seed = {record.seed: record for record in records if record.config_hash == config_hash and record.finished}
    return [by_seed[seed] for seed in sorted(by_seed)]
