from __future__ import annotations

from collections.abc import Callable

from cltk.record import Record
from cltk_figures.run_tables import cost_table, memory_table


def test_the_memory_table_is_that_of_devoto_2024(record: Record) -> None:
    """Its Table 1: 0.17, 4.08 and 4.25 MB for the same networks."""
    rows = {str(row[0]): row for row in memory_table(record).rows}
    assert [rows[part][1] for part in ("classifier", "generator", "total")] == [44_860, 1_068_820, 1_113_680]
    sizes = {part: round(float(row[3] or 0), 2) for part, row in rows.items()}
    assert sizes == {"classifier": 0.17, "generator": 4.08, "buffer": 0.0, "total": 4.25}
    assert rows["total"][4] == 5682


def test_the_memory_table_leaves_out_a_generator_that_is_absent(make_record: Callable[..., Record]) -> None:
    record = make_record(
        bytes={"classifier": 8, "buffer": 784, "total": 792, "image": 784}, parameters={"classifier": 2}
    )
    assert [row[0] for row in memory_table(record).rows] == ["classifier", "buffer", "total"]


def test_the_cost_grows_by_what_is_replayed(record: Record) -> None:
    rows = cost_table(record).rows
    assert rows[0] == (1, "0, 1", 12665, 0, 12665, 12665)
    assert rows[2] == (3, "4, 5", 11263, 4000, 15263, 12665 + 14089 + 15263)


def test_a_run_without_data_has_empty_tables(make_record: Callable[..., Record]) -> None:
    record = make_record(bytes={}, parameters={}, tasks=[])
    assert memory_table(record).rows == cost_table(record).rows == ()
