"""The report of a study as an object: its parts and its forms."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cltk_studies.reports.figures import figures_of_study
from cltk_studies.reports.report import load_report, write_report

OLD = Path(__file__).parent.parent / "data" / "runs-v1"
NASTY = '<script>alert("x")</script>'


@pytest.fixture
def nasty_store(tmp_path: Path) -> Path:
    """A study whose description and cell are called what a page must not take for its own."""
    store = shutil.copytree(OLD, tmp_path / "runs")
    path = store / "studies" / "old-study" / "study.json"
    study = json.loads(path.read_text())
    study["description"] = study["cells"][1]["name"] = NASTY
    path.write_text(json.dumps(study))
    return store


def test_it_has_cells_metrics_and_runs() -> None:
    report = load_report("old-study", OLD, metrics=["learning-accuracy"])
    assert [cell.name for cell in report.cells] == ["equal, a", "linear, hard"]
    assert report.metrics[:2] == ["learning-accuracy", "final-average-accuracy"]
    assert report.cells[0].metrics["learning-accuracy"].n == 3
    assert report.to_dict()["cells"][0]["runs"][0]["metrics"]["learning-accuracy"] >= 0


def test_cells_are_ranked_by_the_objective_in_its_direction() -> None:
    result = load_report("old-study", OLD, objectives=["diaz-ce"]).result
    assert [cell.name for cell in result.ranked] == ["equal, a", "linear, hard"]
    result = load_report("old-study", OLD, objectives=["chaudhry-forgetting"]).result
    values = [cell.metrics["chaudhry-forgetting"].mean for cell in result.ranked]
    assert values == sorted(values)
    assert values[0] == result.best_mean("chaudhry-forgetting")


def test_the_page_escapes_what_users_wrote_and_needs_nothing_beside_it(nasty_store: Path) -> None:
    text = load_report("old-study", nasty_store).to_html()
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;") >= 3
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert text.count("data:image/svg+xml;base64") >= 4
    assert "cltk cite" in text
    assert text.index('name="viewport"') < text.index("<body>")


def test_its_files_are_the_tables_the_numbers_and_the_figures(tmp_path: Path) -> None:
    report = load_report("old-study", OLD)
    write_report(report.result, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    figures = {"figures/objective_against_cost.png", "figures/accuracy_over_tasks.png"}
    assert names == {"report.md", "result.json"} | figures
    assert json.loads((tmp_path / "result.json").read_text()) == report.to_dict()
    assert (tmp_path / "report.md").read_text() == report.to_markdown()


def test_its_figures_are_written_for_a_paper_with_what_was_replayed(tmp_path: Path) -> None:
    store = shutil.copytree(OLD, tmp_path / "runs")
    report = load_report("old-study", store)
    run = store / report.cells[0].finished[0].run_id
    images = np.zeros((4, 1, 8, 8), dtype=np.float32)
    np.savez(run / "replay.npz", images_0=images, labels_0=np.zeros(4, dtype=np.int64))
    names = {path.name for path in report.write_figures(tmp_path / "figures")}
    assert {"old-study_replayed_samples_01.svg", "old-study_accuracy_over_tasks.pdf"} <= names
    assert {path.name for path in (tmp_path / "figures").iterdir()} == names
    assert (tmp_path / "figures" / "old-study_accuracy_over_tasks.pdf").read_bytes().startswith(b"%PDF")
    assert f"{report.cells[0].cell.name}: replayed samples" in report.to_html()


def test_a_figure_of_very_many_cells_shows_the_best_and_the_baseline() -> None:
    """A thousand lines cannot be told apart, and took half a minute to draw."""
    result = load_report("old-study", OLD).result
    best, worst = result.ranked
    cells = [replace(best, cell=best.cell.model_copy(update={"name": f"best {number}"})) for number in range(60)]
    study = result.study.model_copy(update={"baseline": worst.name})
    for _, draw in figures_of_study(replace(result, study=study, cells=[*cells, worst])):
        figure = draw()
        (legend,) = figure.legends
        names = [text.get_text() for text in legend.get_texts()]
        assert names == [*(f"best {number}" for number in range(40)), worst.name]
        assert "41 of 61 cells" in legend.get_title().get_text()


def test_a_single_seed_is_not_the_best_and_the_note_says_what_was_tested(tmp_path: Path) -> None:
    store = shutil.copytree(OLD, tmp_path / "runs")
    whole = load_report("old-study", store)
    first, second = whole.result.ranked
    assert "*: the best. " in whole.to_markdown()
    assert "t test over 3 seeds" in whole.to_markdown()
    for record in first.finished[1:]:
        shutil.rmtree(store / record.run_id)
    table, *_ = load_report("old-study", store).tables()
    marked = [str(row[0]) for row in table.rows if str(row[1]).endswith("*")]
    assert marked == [second.name]
    assert "*: the best of several seeds. " in table.note
    assert "t test" not in table.note


@pytest.mark.parametrize(("channels", "photographs"), [(1, 0), (3, 1)])
def test_a_dark_page_inverts_all_but_photographs(tmp_path: Path, channels: int, photographs: int) -> None:
    store = shutil.copytree(OLD, tmp_path / "runs")
    report = load_report("old-study", store)
    images = np.zeros((4, channels, 8, 8), dtype=np.float32)
    run = store / report.cells[0].finished[0].run_id
    np.savez(run / "replay.npz", images_0=images, labels_0=np.zeros(4, dtype=np.int64))
    text = report.to_html()
    assert text.count('class="photographs"') == photographs
    assert text.count('class="drawing"') == text.count("<img") - photographs
    assert "img:not(.photographs) { filter: invert(" in text


def test_a_printed_page_has_figures_side_by_side() -> None:
    """Four cells took eleven sheets of paper."""
    text = load_report("old-study", OLD).to_html()
    figures = text[text.index('<div class="figures">') : text.rindex("</figure>")]
    assert figures.count("<figure>") == text.count("<figure>")
    assert ".figures { display: grid;" in text.partition("@media print")[2]
