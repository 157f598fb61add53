"""``cltk open``: a page that is written, named and shown."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
OLD = Path(__file__).parent / "data" / "runs-v1"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A store with a study of two cells and three seeds."""
    return Path(shutil.copytree(OLD, tmp_path / "runs"))


def test_the_report_of_a_study_is_shown(cli: Cli, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setenv("BROWSER", "a-browser")
    done = cli("open", "old-study", "--store", runs)
    assert done.status == 0, done.err
    page = Path(done.out.strip())
    assert page == runs / "reports" / "old-study.html"
    assert "<h1>old-study</h1>" in page.read_text()
    assert opened == [page.as_uri()]


def test_a_run_has_a_page_over_its_seeds_whose_path_is_printed_where_there_is_no_desktop(
    cli: Cli, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda address: pytest.fail(address))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    done = cli("open", "latest", "--store", runs)
    assert done.status == 0, done.err
    assert "3 of 3 runs finished" in Path(done.out.strip()).read_text()


def test_what_is_not_there_is_said(cli: Cli, runs: Path) -> None:
    done = cli("open", "old-studdy", "--store", runs)
    assert (done.status, "no study 'old-studdy'" in done.said) == (2, True)
    assert "Did you mean 'old-study'?" in done.said


def test_runs_that_begin_alike_are_said_to(cli: Cli, runs: Path) -> None:
    done = cli("open", "old", "--store", runs)
    assert (done.status, "6 runs begin with 'old'" in done.said) == (2, True)
