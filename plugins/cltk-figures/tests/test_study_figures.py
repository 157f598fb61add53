from __future__ import annotations

import pytest

from cltk.runs.summary import Estimate
from cltk_figures.study_figures import accuracy_over_tasks, metric_against_costs

VALUES = {"fixed": Estimate(3, 0.8, 0.01, 0.02), "linear": Estimate(1, 0.7)}


def test_each_cost_has_a_panel_and_each_cell_a_point() -> None:
    costs = {"seconds": {"fixed": 2.0, "linear": 3.0}, "bytes": {"fixed": 4e6, "linear": 5e6}}
    figure = metric_against_costs("diaz-accuracy", VALUES, costs)
    assert [axes.get_xlabel() for axes in figure.axes] == ["seconds", "bytes"]
    assert all(axes.get_ylabel() == "diaz-accuracy" for axes in figure.axes)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["fixed", "linear"]
    points = [container[0].get_xydata().tolist() for container in figure.axes[1].containers]
    assert points == [[[4e6, 0.8]], [[5e6, 0.7]]]


def test_seeds_stand_beside_the_interval_and_long_numbers_are_shortened() -> None:
    costs = {"seconds": {"fixed": 2.0, "linear": 3.0}, "bytes": {"fixed": 60_000.0, "linear": 190_000.0}}
    figure = metric_against_costs("diaz-accuracy", VALUES, costs, {"fixed": [0.79, 0.81]})
    figure.draw_without_rendering()
    seconds, in_bytes = figure.axes
    points = next(line for line in in_bytes.lines if line.get_linestyle() == "None" and len(line.get_xdata()) == 2)
    assert list(points.get_ydata()) == [0.79, 0.81]
    mean = in_bytes.transData.transform((60_000.0, 0.8))[0]
    assert points.get_transform().transform((60_000.0, 0.8))[0] > mean + 5
    assert {"100k", "150k"} <= {label.get_text() for label in in_bytes.get_xticklabels()}
    assert not any("k" in label.get_text() for label in seconds.get_xticklabels())


def test_cells_are_told_apart_without_colours() -> None:
    curve = [Estimate(1, 0.5)]
    (axes,) = accuracy_over_tasks({str(i): curve for i in range(7)}).axes
    assert len({line.get_marker() for line in axes.lines}) == 7


def test_accuracy_over_tasks_starts_with_the_first_one_and_is_in_percent() -> None:
    curve = [Estimate(3, 0.9, 0.01, 0.02), Estimate(3, 0.8, 0.01, 0.02)]
    (axes,) = accuracy_over_tasks({"fixed": curve, "linear": curve}).axes
    assert axes.lines[0].get_xdata().tolist() == [1, 2]
    assert axes.lines[0].get_ydata().tolist() == pytest.approx([0.9, 0.8])
    assert axes.get_ylim() == pytest.approx((-0.02, 1.02))


def test_more_cells_than_colours_are_drawn() -> None:
    curve = [Estimate(1, 0.5)]
    assert len(accuracy_over_tasks({str(i): curve for i in range(12)}).axes[0].lines) == 12


def test_references_are_lines_over_the_whole_panel() -> None:
    costs = {"seconds": {"fixed": 2.0, "linear": 3.0}}
    (axes,) = metric_against_costs("diaz-accuracy", VALUES, costs, references=["linear"]).axes
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [list(line.get_ydata()) for line in dashed] == [[0.7, 0.7]]
    curve = [Estimate(3, 0.9), Estimate(3, 0.8)]
    (axes,) = accuracy_over_tasks({"fixed": curve, "linear": curve}, ["linear"]).axes
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"]


def test_an_interval_does_not_reach_beyond_what_can_come_out() -> None:
    wide = Estimate(2, 0.9, 0.05, 0.4)
    costs = {"seconds": {"fixed": 2.0}}
    (axes,) = metric_against_costs("accuracy", {"fixed": wide}, costs, bounds=(0.0, 1.0)).axes
    ((low, high),) = (segment[:, 1] for segment in axes.containers[0][2][0].get_segments())
    assert (low, high) == (pytest.approx(0.5), 1.0)
    assert axes.get_ylim()[1] <= 1.02
    (axes,) = metric_against_costs("accuracy", {"fixed": wide}, costs).axes
    assert axes.get_ylim()[1] > 1.3
    (axes,) = accuracy_over_tasks({"fixed": [wide, wide]}).axes
    (band,) = axes.collections
    assert band.get_paths()[0].vertices[:, 1].max() == 1.0
