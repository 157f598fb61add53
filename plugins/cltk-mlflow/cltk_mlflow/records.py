"""Studies and records that other machines sent to MLflow."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from cltk.config import Settings
from cltk.errors import StoreError
from cltk.interfaces import RecordSource
from cltk.record import Record
from cltk.record_file import read_record
from cltk_mlflow.experiment import MlflowExperiment
from cltk_mlflow.server import open_server
from cltk_mlflow.studies import CELL_TAG, RECORDS, STUDY_FILE, STUDY_TAG

__all__ = ["MlflowRecords"]

_FILE = re.compile(r".*-seed(\d+)\.json")


class MlflowRecords(RecordSource):
    """Reads studies and their records back from an MLflow server."""

    class Config(Settings):
        """Where they are."""

        tracking_uri: str | None = Field(None, description="MLflow server or database; by default, one in the store")

    config: Config

    def study(self, name: str) -> Mapping[str, Any] | None:
        """The definition of a study, as its group had it; None where it is not known."""
        experiment = self._experiment(name)
        parents = experiment.find({STUDY_TAG: name, "kind": "study"}) if experiment else {}
        if experiment is None or not parents:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = experiment.download(next(iter(parents)), STUDY_FILE, Path(folder))
            try:
                definition: dict[str, Any] = json.loads(path.read_bytes())
            except ValueError as error:
                raise StoreError(f"The study '{name}' on the tracking server is unreadable: {error}") from error
        return definition

    def records(self, study: str, wanted: Collection[tuple[str, int]]) -> Sequence[Record]:
        """The records of a study's runs, as far as there are any."""
        experiment = self._experiment(study)
        if experiment is None or not wanted:
            return []
        with tempfile.TemporaryDirectory() as folder:
            records = [
                read_record(experiment.download(run_id, f"{RECORDS}/{file}", Path(folder)))
                for run_id, file in _files(experiment, study, wanted)
            ]
        return [record for record in records if _keys(record) & set(wanted)]

    def _experiment(self, study: str) -> MlflowExperiment | None:
        """The study's experiment; None where there is none, as reading is no reason to make one."""
        server = open_server(self.store, self.config.tracking_uri)
        with server.reported():
            known = server.client.get_experiment_by_name(study)
        return MlflowExperiment(server, study) if known else None


def _files(experiment: MlflowExperiment, study: str, wanted: Collection[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """The MLflow run and the name of each file that may hold a wanted record."""
    cells = experiment.find({STUDY_TAG: study, "kind": "cell"})
    unknown = {config_hash for config_hash, _ in wanted} - {tags.get(CELL_TAG) for tags in cells.values()}
    for run_id, tags in cells.items():
        seeds = {seed for config_hash, seed in wanted if config_hash == tags.get(CELL_TAG)}
        # What earlier versions sent is filed under a hash that depended on metrics too.
        seeds |= {seed for config_hash, seed in wanted if config_hash in unknown}
        for file in experiment.names(run_id, RECORDS) if seeds else ():
            match = _FILE.fullmatch(file)
            if match and int(match[1]) in seeds:
                yield run_id, file


def _keys(record: Record) -> set[tuple[str, int]]:
    """Configuration hash and seed, as they are computed today and as they were when the record was made."""
    hashes = {record.config_hash, record.recorded_hash or record.config_hash}
    return {(config_hash, record.seed) for config_hash in hashes}
