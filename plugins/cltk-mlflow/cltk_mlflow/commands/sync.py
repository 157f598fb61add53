"""``cltk sync``: uploading records that never reached MLflow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cltk.cli.options import RUNS, Store, TrackingUri

if TYPE_CHECKING:
    from cltk.record import Record
    from cltk_mlflow.tracker import RunTracker

__all__ = ["sync"]


def sync(
    store: Store = RUNS,
    tracking_uri: TrackingUri = None,
) -> None:
    """Upload the runs in --store that are not in MLflow yet, once each."""
    from cltk.cli.console import show_notice
    from cltk.errors import ConfigError
    from cltk.runs.reading import read_records
    from cltk_mlflow.tracker import RunTracker

    if not store.is_dir():
        raise ConfigError(f"There is no folder '{store}'.", "Name the folder of the runs with --store.")
    tracker = RunTracker(store, tracking_uri)
    records, problems = read_records(store)
    uploaded = 0
    for experiment in _by_experiment(record for record in records if record.status != "running"):
        count, failures = _upload(tracker, store, experiment)
        uploaded, problems = uploaded + count, problems + failures
    for problem in problems:
        show_notice(problem)
    print(f"{uploaded} uploaded, {len(problems)} failed")
    raise typer.Exit(int(bool(problems)))


def _by_experiment(records: Iterable[Record]) -> list[list[Record]]:
    """The records of each experiment: one a seed, which MLflow shows below one run."""
    experiments: defaultdict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in records:
        versions = tuple(sorted(record.plugins.items()))
        experiments[record.config["name"], record.config_hash, tuple(record.config["seeds"]), versions].append(record)
    return list(experiments.values())


def _upload(tracker: RunTracker, store: Path, records: list[Record]) -> tuple[int, list[str]]:
    """Uploads what is missing of an experiment; returns how many runs that were, and why others were not."""
    from cltk.interfaces import RunGroup
    from cltk.runs.summary import summarise
    from cltk_mlflow.receipts import has_receipt

    missing = [record for record in records if not tracker.has_arrived(record)]
    config = records[0].config
    group = RunGroup("seeds", config["name"], config_hash=records[0].config_hash, seeds=tuple(config["seeds"]))
    problems: list[str] = []
    if missing:
        tracker.begin_group(group)
    # A run that MLflow knows of says in its receipt below which run the others belong: it comes first.
    for record in sorted(records, key=lambda record: not has_receipt(store / record.run_id)) if missing else ():
        try:
            tracker.finish(record)
        except Exception as error:  # A run that is broken in whatever way keeps no other from being uploaded.
            problems.append(f"The run '{record.run_id}' was not uploaded: {getattr(error, 'problem', repr(error))}")
    if len(problems) < len(missing):
        tracker.finish_group(group, records, summarise(records), None)
    return len(missing) - len(problems), problems
