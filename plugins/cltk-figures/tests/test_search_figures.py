from __future__ import annotations

import pytest

from cltk_figures.search_figures import front_figure, history, importance


@pytest.mark.parametrize(("maximize", "best"), [(True, [0.2, 0.5, 0.5]), (False, [0.2, 0.2, 0.1])])
def test_the_best_so_far_goes_with_the_direction(maximize: bool, best: list[float]) -> None:
    (axes,) = history("diaz-ce", [0.2, 0.5, 0.1], maximize=maximize, labels={1: "fixed"}).axes
    assert axes.lines[1].get_ydata().tolist() == best
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("fixed", (2.0, 0.5))]


def test_the_front_is_a_line_among_the_points() -> None:
    points = [(100.0, 0.8), (200.0, 0.7), (300.0, 0.9)]
    (axes,) = front_figure(("accuracy", "samples"), points, [points[0], points[2]], {0: "none"}).axes
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("accuracy", "samples")
    assert axes.lines[0].get_xydata().tolist() == [list(point) for point in points]
    assert axes.lines[1].get_xdata().tolist() == [100.0, 300.0]


def test_the_most_important_parameter_is_on_top() -> None:
    (axes,) = importance("accuracy", {"lr": 0.7, "hidden": 0.3}).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["hidden", "lr"]
