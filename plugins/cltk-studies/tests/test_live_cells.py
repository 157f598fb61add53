"""The table that fills up while a study goes on."""

from __future__ import annotations

import io
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cltk.record import Record
from cltk.record_file import read_record
from cltk_studies.commands.live_cells import LiveCells
from cltk_studies.questions.plan import Plan, PlannedCell
from cltk_studies.questions.study import Cell
from cltk_studies.work.positions import Position

OLD = sorted((Path(__file__).parent / "data" / "runs-v1").glob("*/record.json"))


@pytest.fixture
def records() -> list[Record]:
    return [read_record(path) for path in OLD[:3]]


def plan_of(*names: str) -> Plan:
    """Two seeds of each cell, of which nothing is done; a run takes 30 s."""
    hashes = {"config_hash": "0123456789ab", "settings": {}, "experiment": {}}
    cells = [Cell(name=name, plugins={}, **hashes) for name in names]
    return Plan([PlannedCell(cell, (), (0, 1), replayed=0, seconds=30.0) for cell in cells], workers=1)


def shown(cells: LiveCells, width: int = 80, height: int = 24) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width, height=height).print(cells)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_cell_fills_up(records: list[Record]) -> None:
    cells = LiveCells(None, lambda: ())
    for record in records:
        cells.add("a", [record], failed=False)
    cells.add("a", [], failed=True)
    (line,) = (line for line in shown(cells) if line.startswith("a"))
    mean = sum(record.final_accuracy for record in records) / 3
    assert f"{mean:.4f} ± " in line
    assert "1 failed" in line


def test_a_name_that_looks_like_markup_is_text(records: list[Record]) -> None:
    cells = LiveCells(None, lambda: ())
    cells.add("[/none]", records[:1], failed=False)
    assert any(line.startswith("[/none]") for line in shown(cells))


def test_a_low_terminal_shows_what_changed_last(records: list[Record]) -> None:
    cells = LiveCells(None, lambda: ())
    for number in range(40):
        cells.add(f"cell {number}", [], failed=False)
    lines = shown(cells, height=20)
    assert len(lines) < 20
    assert any(line.startswith("cell 39") for line in lines)


def test_long_names_cost_no_number(records: list[Record]) -> None:
    cells = LiveCells(None, lambda: ())
    cells.add("x" * 100, records, failed=False)
    assert all(len(line) <= 60 for line in shown(cells, width=60))
    assert any("±" in line and "…" in line for line in shown(cells, width=60))


def test_a_cell_waits_then_runs_then_is_done(records: list[Record]) -> None:
    running: list[Position] = []
    cells = LiveCells(plan_of("short", "other"), lambda: running)
    assert [line.split()[-1] for line in shown(cells)[2:]] == ["waiting", "waiting"]
    said = {"item": "short", "tasks": 5, "epochs": 20, "seconds": 10, "at": time.time(), "process": {}}
    running += [
        Position(task=1, epoch=2, share=0.02, **said),
        Position(task=3, epoch=12, share=0.5, **said),
    ]
    line, other = shown(cells)[2:]
    assert line.startswith("short")
    assert re.search(r"0 of 2 +task 3/5, epoch 12/20, \d+(\.\d)? s left$", line)
    assert other.endswith("waiting")
    running.clear()
    for record in records[:2]:
        cells.add("short", [record], failed=False)
    line, _ = shown(cells)[2:]
    assert re.search(r"2 of 2 +0\.\d{4} ± 0\.\d{4} +[\d.]+ m?s a run$", line)


def test_trials_of_a_search_have_lines_of_their_own_alone() -> None:
    plan = plan_of("a trial")
    cells = LiveCells(replace(plan, afterwards=plan.cells[0]), lambda: ())
    cells.add("trial 0", [], failed=False)
    assert [line.split()[:3] for line in shown(cells)[2:]] == [["trial", "0", "1"]]


def test_what_runs_is_seen_in_a_low_terminal_and_no_plan_knew_it() -> None:
    position = Position(
        item="trial 7", task=0, tasks=5, epoch=0, epochs=0, share=0, seconds=0, at=time.time(), process={}
    )
    cells = LiveCells(None, lambda: [position])
    for number in range(40):
        cells.add(f"cell {number}", [], failed=False)
    assert re.search(r"trial 7 +0 +begins$", shown(cells, height=20)[-1])
