"""Tables of studies in a terminal that is too narrow for them."""

from __future__ import annotations

import re

import pytest

from cltk_figures.tables import Table
from cltk_studies.commands.tables import print_table


@pytest.mark.parametrize("columns", [80, 140])
def test_no_name_and_no_heading_of_few_letters_is_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    headings = ("cell", "final-average-accuracy ↑", "difference", "p (Holm)", "forgetting ↓", "seconds", "bytes")
    cells = [f"latent_dim={size}, schedule fixed" for size in (2, 20)]
    rows = tuple(
        (cell, "0.0995 ± 0.0054 *", "-0.0009 ± 0.0070", "1.0000", "0.0352", "0.6", "33.4 KiB") for cell in cells
    )
    print_table(Table("Result", headings, rows))
    printed = capsys.readouterr().out
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in printed.splitlines()]
    assert all(any(cell in line for line in lines) for cell in cells)
    assert any(line.startswith("cell ") for line in lines), printed


def test_no_digit_is_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    rows = tuple(
        (name, "0.9386 ± 0.0146 *", "+0.7500 ± 0.0215", "< 0.0001", "0.0317", "1,022.0", "173.5 KiB")
        for name in ("generative-replay", "finetune")
    )
    headings = ("cell", "final-average-accuracy ↑", "difference", "p (Holm)", "forgetting ↓", "seconds", "bytes")
    for columns in (72, 80, 100, 140):
        monkeypatch.setenv("COLUMNS", str(columns))
        print_table(Table("Result", headings, rows))
        printed = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
        assert all(len(line) <= columns for line in printed.splitlines())
        if columns >= 80:
            assert all(word in printed.replace("\n", " ") for word in ("cell", "forgetting", "seconds", "bytes"))
        for value in ("0.9386", "0.0146", "+0.7500", "0.0215", "0.0001", "0.0317", "1,022.0", "173.5", "KiB"):
            assert printed.count(value) >= 2, (columns, value, printed)


def test_a_plan_in_a_pipe_is_not_padded(capsys: pytest.CaptureFixture[str]) -> None:
    note = "1 run to do; " * 20
    print_table(Table("Plan", ("cell", "done", "to run"), (("a", 0, 1), ("b", 12, 345))), stderr=True)
    print_table(Table("Plan", ("cell", "done"), (("a", 0),), note.strip()), stderr=True)
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert note.strip() in lines
