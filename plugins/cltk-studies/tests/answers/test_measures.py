"""Which metrics a study is measured by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cltk.errors import ConfigError
from cltk_studies.answers.comparison import compare_cells
from cltk_studies.answers.measures import choose_measures
from cltk_studies.answers.sources import find_study, load_records
from cltk_studies.questions.study import Study

OLD = Path(__file__).parent.parent / "data" / "runs-v1"


@pytest.fixture
def study() -> Study:
    return find_study("old-study", OLD)


def with_metrics(study: Study, *metrics: dict[str, Any]) -> Study:
    cells = [
        cell.model_copy(update={"experiment": cell.experiment | {"metrics": list(metrics)}}) for cell in study.cells
    ]
    return study.model_copy(update={"cells": tuple(cells)})


def test_those_that_are_asked_for_come_first_and_then_the_objectives(study: Study) -> None:
    measures = choose_measures(study, ["learning-accuracy"], ["diaz-ce"])
    assert measures.names[:3] == ["learning-accuracy", "diaz-ce", "chaudhry-forgetting"]
    assert measures.objectives == ["diaz-ce"]


def test_a_cell_sets_its_metrics_itself(study: Study) -> None:
    study = with_metrics(study, {"name": "diaz-ce", "epsilon": 0.5})
    measure = choose_measures(study, ["diaz-ce"]).find("diaz-ce")
    assert measure is not None
    assert measure.config.model_dump()["epsilon"] == 0.5


def test_a_metric_that_is_not_installed_any_more_keeps_what_was_stored(study: Study) -> None:
    study = with_metrics(study, {"name": "diaz-ce"}, {"name": "gone-by-now"})
    records = load_records(study, OLD)
    for record in records.values():
        record.metrics["gone-by-now"] = 0.25
    result = compare_cells(study, records)
    assert result.cells[0].metrics["gone-by-now"].mean == 0.25
    assert "gone-by-now" in result.metrics


def test_one_that_was_never_stored_says_why_it_has_no_value(study: Study) -> None:
    study = with_metrics(study, {"name": "never-there"})
    result = compare_cells(study, load_records(study, OLD))
    assert result.cells[0].values.without_value == {"never-there": "There is no metric 'never-there'."}


def test_one_that_is_asked_for_has_to_be_there(study: Study) -> None:
    with pytest.raises(ConfigError, match="no metric 'never-there'"):
        choose_measures(study, ["never-there"])
