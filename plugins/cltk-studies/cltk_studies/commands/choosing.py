"""The runs that a command puts side by side: by id, by conditions, or those of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cltk.cli.next_steps import at_store
from cltk.cli.run_rows import chosen_records
from cltk.errors import ConfigError
from cltk.record import Record
from cltk.runs.reading import finished_runs, read_records
from cltk_studies.answers.of_runs import compare_runs
from cltk_studies.answers.of_study import compare_part
from cltk_studies.answers.records import best_records
from cltk_studies.answers.results import StudyResult
from cltk_studies.questions.study import Study, read_study, study_path

__all__ = ["Chosen", "choose_runs"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Runs that were chosen.

    Attributes:
        records: The runs.
        stored: All runs in their store.
        study: The study that they were chosen as a part of; None where that is none.
    """

    records: Sequence[Record]
    stored: Sequence[Record]
    study: Study | None = None

    def with_seeds(self) -> Chosen:
        """The same, and after each run the other seeds of its experiment."""
        among = self.stored if self.study is None else _of_study(self.study, self.stored)
        records = [record for each in self.records for record in (each, *finished_runs(among, each.config_hash))]
        return Chosen(records, self.stored, self.study)

    def compare(self, metrics: Sequence[str] = ()) -> StudyResult:
        """Puts them side by side, as their study does where there is one.

        Args:
            metrics: The names of metrics to compute beside those that the runs name.

        Raises:
            ConfigError: There is no such metric.
            PluginError: A metric cannot be imported.
        """
        if self.study is None:
            return compare_runs(self.records, metrics)
        return compare_part(self.study, self.records, self.stored, metrics)


def choose_runs(store: Path, run_ids: Sequence[str], conditions: Sequence[str], name: str | None) -> Chosen:
    """The runs of these ids, or all where none is given, that meet conditions.

    Args:
        store: The folder of all runs.
        run_ids: Their ids, or beginnings of these.
        conditions: Conditions such as ``status=failed``.
        name: A study, of which a run may have been there before under another name; or else the runs' own name.

    Raises:
        ConfigError: There is no such run, or a condition is wrong.
        StoreError: The study is unreadable.
    """
    stored = read_records(store)[0]
    if name is None or not study_path(store, name).exists():
        named = [] if name is None else [f"name={name}"]
        return Chosen(chosen_records(store, run_ids, [*conditions, *named]), stored)
    study = read_study(store, name)
    own = {record.run_id for record in _of_study(study, stored)}
    records = [record for record in chosen_records(store, run_ids, conditions) if record.run_id in own]
    if not records:
        raise ConfigError(
            f"None of these runs is of the study '{name}'.", f"See what is: cltk report {name}{at_store(store)}"
        )
    return Chosen(records, stored, study)


def _of_study(study: Study, stored: Sequence[Record]) -> list[Record]:
    """The runs that the study counts, whatever they were run for."""
    own = (record for record in stored if record.seed in study.seeds and study.accepts(record))
    return list(best_records(own, {cell.config_hash for cell in study.cells}).values())
