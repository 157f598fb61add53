from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from cltk.errors import StoreError
from cltk.record import Record
from cltk.runs.folder import read_samples
from cltk_figures import run_figures as figures
from cltk_figures.artifacts import write_figures, write_mean_matrix
from cltk_figures.samples import replayed_samples
from cltk_figures.style import save


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_heat_map_shows_every_entry_in_percent(record: Record) -> None:
    figure = figures.accuracy_matrix(record.accuracy, record.classes)
    assert texts(figure) == [f"{100 * value:.1f}" for row in record.accuracy for value in row]
    rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert rows == ["before", "after 1", "after 2", "after 3", "after 4", "after 5"]
    assert figure.axes[0].get_xticklabels()[1].get_text() == "task 2\n2, 3"


def test_many_classes_are_abbreviated(record: Record) -> None:
    figure = figures.accuracy_matrix(record.accuracy, [list(range(20))] * 5)
    assert figure.axes[0].get_xticklabels()[0].get_text() == "task 1\n0, 1, …, 19"


def test_each_metric_has_a_panel(record: Record) -> None:
    titles = [axes.get_title(loc="left") for axes in figures.metrics_by_task(record).axes]
    assert titles == list(record.curves)


def test_losses_go_on_over_tasks(record: Record) -> None:
    figure = figures.losses(record)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["classifier", "generator"]
    assert texts(figure) == [f"task {i}" for i in range(1, 6)]


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 32)])
def test_replayed_samples_are_drawn_in_grey_and_in_colour(tmp_path: Path, channels: int, side: int) -> None:
    rng = np.random.default_rng(0)
    counts = (40, 3, 0)
    samples = {
        task: (rng.random((n, channels, side, side), dtype=np.float32), rng.integers(0, 10, n))
        for task, n in enumerate(counts)
    }
    save(replayed_samples(samples), tmp_path / "samples.png")
    assert len(texts(replayed_samples(samples))) == 3 + 16 + 3


def test_damaged_samples_are_named(tmp_path: Path) -> None:
    (tmp_path / "replay.npz").write_bytes(b"PK\x03\x04 truncated")
    with pytest.raises(StoreError, match=r"replay\.npz"):
        read_samples(tmp_path / "replay.npz")


def test_a_run_that_ended_early_has_the_figures_it_has_data_for(
    make_record: Callable[..., Record], tmp_path: Path
) -> None:
    record = make_record(tasks=make_record().tasks[:1], curves={"a": [None]}, losses=[])
    write_figures(record, tmp_path, tmp_path / "figures")
    names = {path.stem for path in (tmp_path / "figures").iterdir()}
    assert names == {"accuracy_matrix", "accuracy_by_task", "average_accuracy"}


def test_the_mean_matrix_is_of_finished_runs(make_record: Callable[..., Record], tmp_path: Path) -> None:
    write_mean_matrix([make_record(0, status="failed", tasks=[])], tmp_path)
    assert list(tmp_path.iterdir()) == []
    write_mean_matrix([make_record(0), make_record(1), make_record(2, status="failed", tasks=[])], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mean_accuracy_matrix.png"]


def test_a_mean_matrix_says_that_it_mixes_classes(make_record: Callable[..., Record]) -> None:
    def texts(*records: Record) -> str:
        axes = figures.mean_accuracy_matrix(records, "Mean").axes[0]
        return axes.get_xlabel() + axes.get_xticklabels()[1].get_text()

    one, other = make_record(0), make_record(1, classes=[[task, 9 - task] for task in range(5)])
    assert "mixes classes" not in texts(one, make_record(1))
    assert "2, 3" in texts(one, make_record(1))
    assert "mixes classes" in texts(one, other)
    assert "2, 3" not in texts(one, other)


def test_figures_leave_no_state(record: Record, tmp_path: Path) -> None:
    import sys

    save(figures.average_accuracy(record), tmp_path / "figure.png")
    assert "matplotlib.pyplot" not in sys.modules


def test_heat_maps_begin_at_white_so_that_dark_pages_can_invert_them(record: Record) -> None:
    (image,) = figures.accuracy_matrix(record.accuracy, record.classes).axes[0].images
    assert min(image.cmap(0.0)) > 0.95
