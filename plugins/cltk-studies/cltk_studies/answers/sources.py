"""A study and its records from wherever they are: this machine's store, and MLflow for what other machines ran."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from cltk.errors import ConfigError, StoreError
from cltk.record import Record, read_record
from cltk_mlflow.labels import RECORDS, STUDY_FILE, TAGS
from cltk_mlflow.store import open_store
from cltk_mlflow.writer import Writer
from cltk_studies.answers.records import Records, Run, best, records_in
from cltk_studies.answers.results import StudyResult, result_of
from cltk_studies.questions.study import Study, read_study, study_path

__all__ = ["find_study", "gather", "results_of"]


def find_study(name: str, store: Path, tracking_uri: str | None) -> Study:
    """The study of that name, from the store or, where that does not know it, from MLflow.

    Raises:
        ConfigError: Neither knows it.
        StoreError: It is unreadable, or the server does not answer.
    """
    if study_path(store, name).exists() or tracking_uri is None:
        return read_study(store, name)
    writer = _reader(name, store, tracking_uri)
    parents = writer.find({TAGS["study"]: name, "kind": "study"}) if writer else {}
    if writer is None or not parents:
        raise ConfigError(f"There is no study '{name}' in '{store}', and none on the tracking server.")
    with tempfile.TemporaryDirectory() as folder:
        path = writer.download(next(iter(parents)), STUDY_FILE, Path(folder))
        try:
            return Study.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise StoreError(f"The study '{name}' on the tracking server is unreadable: {error}") from error


def results_of(name: str, store: Path, tracking_uri: str | None) -> list[StudyResult]:
    """The result of a study; of a search, and what became of its choice on test data.

    Raises:
        ConfigError: There is no such study.
        StoreError: It is unreadable, or the server does not answer.
    """
    studies = [find_study(name, store, tracking_uri)]
    if studies[0].kind != "ablation":
        with suppress(ConfigError):  # It is not finished.
            studies.append(find_study(f"{name}-test", store, tracking_uri))
    return [result_of(study, gather(study, store, tracking_uri)) for study in studies]


def gather(study: Study, store: Path, tracking_uri: str | None) -> Records:
    """The records of a study's runs; what the store lacks is read from MLflow, if a server is named."""
    hashes = {cell.config_hash for cell in study.cells}
    here = records_in(store, hashes)
    wanted = {(config_hash, seed) for config_hash in hashes for seed in study.seeds}
    missing = {run for run in wanted if run not in here or here[run].status != "finished"}
    if tracking_uri is None or not missing:
        return here
    return best([*here.values(), *_remote(study.name, store, tracking_uri, missing)])


def _remote(name: str, store: Path, tracking_uri: str, missing: Collection[Run]) -> list[Record]:
    writer = _reader(name, store, tracking_uri)
    if writer is None:
        return []
    wanted = []
    for run_id, tags in writer.find({TAGS["study"]: name, "kind": "cell"}).items():
        seeds = {seed for config_hash, seed in missing if config_hash == tags.get(TAGS["cell"])}
        files = writer.names(run_id, RECORDS) if seeds else []
        wanted += [(run_id, file) for file in files if int(file.removesuffix(".json").rpartition("-seed")[2]) in seeds]
    with tempfile.TemporaryDirectory() as folder:
        return [read_record(writer.download(run_id, f"{RECORDS}/{file}", Path(folder))) for run_id, file in wanted]


def _reader(name: str, store: Path, tracking_uri: str) -> Writer | None:
    """Access to the study's experiment; None where there is none, as reading is no reason to make one."""
    opened = open_store(store, tracking_uri)
    with opened.reported():
        known = opened.client.get_experiment_by_name(name)
    return Writer(opened, name) if known else None
