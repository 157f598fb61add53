"""What other machines sent to MLflow."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from cltk.record import Record, read_record
from cltk_mlflow.labels import RECORDS, STUDY_FILE, TAGS
from cltk_mlflow.store import open_store
from cltk_mlflow.writer import Writer

__all__ = ["MlflowRecords"]


class MlflowRecords:
    """Reads studies and records from a tracking server."""

    def __init__(self, store: Path, tracking_uri: str) -> None:
        self._store, self._uri = store, tracking_uri

    def study(self, name: str) -> Mapping[str, Any] | None:
        """The definition of a study; None where it is not known."""
        writer = self._reader(name)
        parents = writer.find({TAGS["study"]: name, "kind": "study"}) if writer else {}
        if writer is None or not parents:
            return None
        with tempfile.TemporaryDirectory() as folder:
            found: dict[str, Any] = json.loads(
                writer.download(next(iter(parents)), STUDY_FILE, Path(folder)).read_bytes()
            )
            return found

    def records(self, study: str, wanted: Collection[tuple[str, int]]) -> Sequence[Record]:
        """The records of a study's runs, as far as there are any."""
        writer = self._reader(study)
        if writer is None:
            return []
        paths = []
        for run_id, tags in writer.find({TAGS["study"]: study, "kind": "cell"}).items():
            seeds = {seed for config_hash, seed in wanted if config_hash == tags.get(TAGS["cell"])}
            files = writer.names(run_id, RECORDS) if seeds else []
            paths += [(run_id, f) for f in files if int(f.removesuffix(".json").rpartition("-seed")[2]) in seeds]
        with tempfile.TemporaryDirectory() as folder:
            return [read_record(writer.download(run_id, f"{RECORDS}/{file}", Path(folder))) for run_id, file in paths]

    def _reader(self, name: str) -> Writer | None:
        opened = open_store(self._store, self._uri)
        with opened.reported():
            known = opened.client.get_experiment_by_name(name)
        return Writer(opened, name) if known else None
