"""A study and its records from wherever they are: this machine's store, and a server for what other machines ran."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from cltk.config import check
from cltk.errors import ConfigError, StoreError
from cltk.interfaces import RecordSource
from cltk.record import Record
from cltk.registry import installed, load
from cltk.resolve import has_field
from cltk.runs.measuring import FindRecords
from cltk.runs.reading import finished_runs, read_records
from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.measures import choose_measures
from cltk_studies.answers.records import Records, best_records
from cltk_studies.answers.results import StudyResult
from cltk_studies.questions.study import Study, read_study, study_path

__all__ = ["complete_records", "find_study", "load_records", "load_results", "stored_runs"]


def find_study(name: str, store: Path, tracking_uri: str | None = None) -> Study:
    """Finds the study of that name in the store or, where that does not know it, on a tracking server.

    Raises:
        ConfigError: Neither knows it.
        StoreError: It is unreadable, or the server does not answer.
    """
    if study_path(store, name).exists() or tracking_uri is None:
        return read_study(store, name)
    definition = _open_source(store, tracking_uri).study(name)
    if definition is None:
        raise ConfigError(f"There is no study '{name}' in '{store}', and none on the tracking server.")
    try:
        return Study.model_validate(definition)
    except ValidationError as error:
        raise StoreError(f"The study '{name}' on the tracking server is unreadable: {error}") from error


def load_records(study: Study, store: Path, tracking_uri: str | None = None) -> Records:
    """Reads the records of a study's runs; what the store lacks from the tracking server, if one is named."""
    return complete_records(study, read_records(store, _hashes(study))[0], store, tracking_uri)


def load_results(
    name: str,
    store: Path,
    tracking_uri: str | None = None,
    metrics: Sequence[str] = (),
    objectives: Sequence[str] = (),
    note: Callable[[str], None] = lambda problem: None,
) -> list[StudyResult]:
    """Computes the result of a study from its records; of a search, and of the comparison on test data after it.

    Args:
        name: The study's name.
        store: The folder of the runs.
        tracking_uri: Where else records are looked up; None for nowhere.
        metrics: The names of metrics to compute beside those of the study.
        objectives: The names of the metrics to rank cells by; none for those of the study.
        note: Is told what is wrong with each record in the store that cannot be read, in a sentence.

    Raises:
        ConfigError: There is no such study, or no such metric.
        StoreError: It is unreadable, or the server does not answer.
    """
    studies = [find_study(name, store, tracking_uri)]
    if studies[0].kind != "ablation":
        with suppress(ConfigError):  # It has not come to the comparison yet.
            studies.append(find_study(f"{name}-test", store, tracking_uri))
    measures = [choose_measures(study, metrics, objectives) for study in studies]
    stored, problems = read_records(store)  # Of all configurations, as metrics may compare with any of them.
    for problem in problems:
        note(problem)

    def find_records(config_hash: str) -> Sequence[Record]:
        return finished_runs(stored, config_hash)

    results = []
    for study, chosen in zip(studies, measures, strict=True):
        records = complete_records(study, stored, store, tracking_uri)
        results.append(compare_cells(study, records, measures=chosen, find_records=find_records))
    return results


def stored_runs(store: Path) -> FindRecords:
    """What finds the finished runs of a configuration in a store; each is read when it is asked for, and once."""

    @cache
    def find_records(config_hash: str) -> Sequence[Record]:
        return finished_runs(read_records(store, {config_hash})[0], config_hash)

    return find_records


def _hashes(study: Study) -> set[str]:
    return {cell.config_hash for cell in study.cells}


def complete_records(study: Study, records: Sequence[Record], store: Path, tracking_uri: str | None) -> Records:
    """The records of a study among these; what is missing or unfinished from the tracking server, if one is named."""
    stored = best_records(filter(study.accepts, records), _hashes(study))
    wanted = {(config_hash, seed) for config_hash in _hashes(study) for seed in study.seeds}
    missing = {run for run in wanted if run not in stored or not stored[run].finished}
    if tracking_uri is None or not missing:
        return stored
    others = _open_source(store, tracking_uri).records(study.name, missing)
    return best_records([*stored.values(), *filter(study.accepts, others)], _hashes(study))


def _open_source(store: Path, tracking_uri: str) -> RecordSource:
    """What reads records of other machines from a tracking server.

    Raises:
        ConfigError: Nothing that is installed does.
    """
    sources = [plugin for plugin in installed("source") if has_field(plugin, "tracking_uri")]
    if not sources:
        problem = "Nothing that is installed reads records from a tracking server."
        raise ConfigError(problem, "Install what does: pip install cltk-mlflow")
    source: type[RecordSource] = load(sources[0])
    config = check(source.Config, {"tracking_uri": tracking_uri}, f"the source '{sources[0].name}'")
    return source(config, store)
