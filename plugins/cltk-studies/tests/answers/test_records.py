"""Which of several records of one run counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cltk.record import Record
from cltk.record_file import read_record
from cltk_studies.answers.records import best_records

OLD = Path(__file__).parent.parent / "data" / "runs-v1"


@pytest.fixture
def record() -> Record:
    return read_record(next(OLD.glob("*/record.json")))


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ({}, {}, "before"),
        ({}, {"status": "interrupted"}, "before"),
        ({"status": "interrupted"}, {}, "after"),
        ({"status": "interrupted"}, {"status": "failed"}, "after"),
        ({"environment": {"torch": "1.0"}}, {}, "after"),
        ({}, {"environment": {"torch": "1.0"}, "status": "failed"}, "before"),
    ],
)
def test_the_first_that_is_finished_counts_until_versions_change(
    record: Record, before: dict[str, Any], after: dict[str, Any], counts: str
) -> None:
    records = [
        record.model_copy(update={"run_id": "before"} | before),
        record.model_copy(update={"run_id": "after"} | after),
    ]
    (best,) = best_records(records, {record.config_hash}).values()
    assert best.run_id == counts
