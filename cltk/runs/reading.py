"""Finding records again in a store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from cltk.errors import ConfigError, Faults, StoreError, closest
from cltk.record import Record
from cltk.record_file import read_record

__all__ = ["find_folders", "find_record", "find_records", "finished_runs", "read_records"]

LATEST = "latest"
"""What stands for the run that was written last."""


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
    return find_records(store, [run_id])[0]


def find_records(store: Path, run_ids: Iterable[str]) -> list[Record]:
    """The records of several runs, each once; see ``find_record``.

    Raises:
        ConfigError: There is no such run, or several runs begin so; it tells of all ids.
        StoreError: A record is incomplete or altered.
    """
    return [_read(folder / "record.json") for folder in find_folders(store, run_ids)]


def find_folders(store: Path, run_ids: Iterable[str]) -> list[Path]:
    """The folders of several runs, each once, whatever is the matter with their records; see ``find_record``.

    Raises:
        ConfigError: There is no such run, or several runs begin so; it tells of all ids.
    """
    names, faults = [path.parent.name for path in _record_files(store)], Faults()
    found: dict[str, None] = {}
    for run_id in run_ids:
        with faults.further():
            found[_full_id(run_id, names, store)] = None
    faults.settle()
    return [store / name for name in found]


def _full_id(run_id: str, names: Sequence[str], store: Path) -> str:
    if run_id == LATEST and names:
        return names[-1]
    matches = [run_id] if run_id in names else [name for name in names if run_id and name.startswith(run_id)]
    if len(matches) > 1:
        raise ConfigError(f"{len(matches)} runs begin with '{run_id}'.", f"Such as: {', '.join(matches[:3])}.")
    if not matches:
        advice = (
            closest(run_id, names, "cltk runs list")
            if names
            else f"Name the folder of its store with --store; '{store}' has no run."
        )
        raise ConfigError(f"There is no run '{run_id}' in '{store}'.", advice)
    return matches[0]


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
