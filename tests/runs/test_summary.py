"""Means over seeds."""

from __future__ import annotations

import pytest
from scipy import stats

from cltk.runs.summary import Estimate, estimate


def test_one_value_has_no_interval() -> None:
    assert estimate([0.5]) == Estimate(1, 0.5)


def test_the_interval_is_that_of_student() -> None:
    found = estimate([0.1, 0.2, 0.4])
    low, high = stats.t.interval(0.95, 2, found.mean, stats.sem([0.1, 0.2, 0.4]))
    assert found.mean + (found.ci95 or 0) == pytest.approx(high)
    assert found.mean - (found.ci95 or 0) == pytest.approx(low)
