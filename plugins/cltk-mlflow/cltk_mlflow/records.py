"""Studies and records that other machines sent to MLflow, read back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from cltk.config import Settings
from cltk.errors import StoreError
from cltk.interfaces import RecordSource
from cltk.record import Record, read_record
from cltk_mlflow.labels import RECORDS, STUDY_FILE, TAGS
from cltk_mlflow.store import open_store
from cltk_mlflow.writer import Writer

__all__ = ["MlflowRecords"]


class MlflowRecords(RecordSource):
    """Reads what the sink ``mlflow`` of other machines wrote: a study on its parent run, records on those of cells."""

    class Config(Settings):
        """Where runs are tracked."""

        tracking_uri: str | None = Field(None, description="MLflow server or database; by default, one in the store")

    config: Config

    def study(self, name: str) -> Mapping[str, Any] | None:
        """The definition of a study; None where the server does not know it."""
        experiment = self._find_experiment(name)
        parents = experiment.find({TAGS["study"]: name, "kind": "study"}) if experiment else {}
        if experiment is None or not parents:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = experiment.download(next(iter(parents)), STUDY_FILE, Path(folder))
            try:
                definition: Mapping[str, Any] = json.loads(path.read_bytes())
            except ValueError as error:
                raise StoreError(f"The study '{name}' on the tracking server is unreadable: {error}") from error
        return definition

    def records(self, study: str, wanted: Collection[tuple[str, int]]) -> Sequence[Record]:
        """The records of a study's runs, as far as the server has them."""
        experiment = self._find_experiment(study)
        if experiment is None:
            return []
        files: list[tuple[str, str]] = []
        for run_id, tags in experiment.find({TAGS["study"]: study, "kind": "cell"}).items():
            seeds = {seed for config_hash, seed in wanted if config_hash == tags.get(TAGS["cell"])}
            names = experiment.names(run_id, RECORDS) if seeds else []
            files += [(run_id, f"{RECORDS}/{name}") for name in names if _seed_of(name) in seeds]
        with tempfile.TemporaryDirectory() as folder:
            return [read_record(experiment.download(run_id, file, Path(folder))) for run_id, file in files]

    def _find_experiment(self, name: str) -> Writer | None:
        """Access to the study's experiment; None where there is none, as reading is no reason to make one."""
        opened = open_store(self.store, self.config.tracking_uri)
        with opened.reported():
            known = opened.client.get_experiment_by_name(name)
        return Writer(opened, name) if known else None


def _seed_of(file: str) -> int:
    """The seed in the name of a record's file, such as ``name-0123456789ab-seed3.json``."""
    return int(file.removesuffix(".json").rpartition("-seed")[2])
