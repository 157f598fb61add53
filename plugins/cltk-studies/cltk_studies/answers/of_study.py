"""Some runs of a study, put side by side as the study has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from cltk.record import Record
from cltk.runs.reading import finished_runs
from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.measures import choose_measures
from cltk_studies.answers.records import best_records
from cltk_studies.answers.results import StudyResult
from cltk_studies.questions.study import Study

__all__ = ["compare_part"]


def compare_part(
    study: Study, records: Sequence[Record], stored: Iterable[Record], metrics: Sequence[str] = ()
) -> StudyResult:
    """Compares runs of a study by its cells, in its order and with its names.

    Cells without a run among them are left out. Where that is the baseline, the first one left takes its place.

    Args:
        study: The study.
        records: Runs of it, at least one.
        stored: All runs, among which metrics of several runs find what they compare with.
        metrics: The names of metrics to compute beside those of the study.

    Raises:
        ConfigError: There is no such metric.
        PluginError: A metric cannot be imported.
    """
    cells = tuple(cell for cell in study.cells if any(map(cell.accepts, records)))
    baseline = next((cell.name for cell in cells if cell.name == study.baseline), cells[0].name)
    seeds = tuple(seed for seed in study.seeds if any(record.seed == seed for record in records))
    part = study.model_copy(update={"cells": cells, "baseline": baseline, "seeds": seeds})
    runs = best_records(records, {cell.config_hash for cell in cells})
    measures = choose_measures(part, metrics)
    return compare_cells(part, runs, measures=measures, find_records=partial(finished_runs, list(stored)))
