"""``cltk sync``: uploading records that never reached MLflow."""

from __future__ import annotations

import typer

from cltk.cli.options import RUNS, Store, TrackingUri

__all__ = ["sync"]


def sync(
    store: Store = RUNS,
    tracking_uri: TrackingUri = None,
) -> None:
    """Upload the runs in --store that are not in MLflow yet, once each."""
    from cltk.cli.console import show_notice
    from cltk.errors import CltkError
    from cltk.record import read_record
    from cltk_mlflow.receipt import read_mark
    from cltk_mlflow.store import open_store
    from cltk_mlflow.tracking import upload

    opened = open_store(store, tracking_uri)
    uploaded = failed = 0
    for path in sorted(store.glob("*/record.json")):
        try:
            mark = read_mark(path.parent)
            if read_record(path).status == "running" or (mark and mark.complete):
                continue
            upload(opened, path.parent)
            uploaded += 1
        except CltkError as error:
            failed += 1
            show_notice(error.problem)
    print(f"{uploaded} uploaded, {failed} failed")
    raise typer.Exit(int(failed > 0))
