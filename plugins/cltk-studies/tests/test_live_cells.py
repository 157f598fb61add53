"""The table that fills up while a study goes on."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from cltk.record import Record
from cltk.record_file import read_record
from cltk_studies.commands.live_cells import LiveCells

OLD = sorted((Path(__file__).parent / "data" / "runs-v1").glob("*/record.json"))


@pytest.fixture
def records() -> list[Record]:
    return [read_record(path) for path in OLD[:3]]


def shown(cells: LiveCells, width: int = 80, height: int = 24) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width, height=height).print(cells)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_cell_fills_up(records: list[Record]) -> None:
    cells = LiveCells(None)
    for record in records:
        cells.add("a", [record], failed=False)
    cells.add("a", [], failed=True)
    (line,) = (line for line in shown(cells) if line.startswith("a"))
    mean = sum(record.final_accuracy for record in records) / 3
    assert f"{mean:.4f} ± " in line
    assert "1 failed" in line


def test_a_name_that_looks_like_markup_is_text(records: list[Record]) -> None:
    cells = LiveCells(None)
    cells.add("[/none]", records[:1], failed=False)
    assert any(line.startswith("[/none]") for line in shown(cells))


def test_a_low_terminal_shows_what_changed_last(records: list[Record]) -> None:
    cells = LiveCells(None)
    for number in range(40):
        cells.add(f"cell {number}", [], failed=False)
    lines = shown(cells, height=20)
    assert len(lines) < 20
    assert any(line.startswith("cell 39") for line in lines)


def test_long_names_cost_no_number(records: list[Record]) -> None:
    cells = LiveCells(None)
    cells.add("x" * 100, records, failed=False)
    assert all(len(line) <= 60 for line in shown(cells, width=60))
    assert any("±" in line and "…" in line for line in shown(cells, width=60))
