"""Means, paired differences and their adjustment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cltk_studies.answers.statistics import Difference, difference, estimate, holm

values = st.lists(st.floats(0, 1), min_size=2, max_size=8)


def test_one_value_has_no_interval() -> None:
    assert estimate([0.5]).ci95 is None
    assert difference({0: 0.5}, {0: 0.25}) == Difference(1, 0.25)


def test_the_interval_is_that_of_student() -> None:
    of = estimate([0.1, 0.2, 0.4])
    low, high = stats.t.interval(0.95, 2, of.mean, stats.sem([0.1, 0.2, 0.4]))
    assert of.mean + (of.ci95 or 0) == pytest.approx(high)
    assert of.mean - (of.ci95 or 0) == pytest.approx(low)


def test_the_difference_is_paired_by_seed() -> None:
    ours, theirs = {0: 0.5, 1: 0.7, 2: 0.6, 9: 0.0}, {2: 0.5, 1: 0.65, 0: 0.48, 7: 1.0}
    found = difference(ours, theirs)
    assert found is not None
    assert found.n == 3
    assert found.p == pytest.approx(stats.ttest_rel([0.5, 0.7, 0.6], [0.48, 0.65, 0.5]).pvalue)


def test_cells_without_a_common_seed_are_not_compared() -> None:
    assert difference({0: 1.0}, {1: 1.0}) is None


@given(values)
def test_a_cell_does_not_differ_from_itself(of: list[float]) -> None:
    found = difference(dict(enumerate(of)), dict(enumerate(of)))
    assert found is not None
    assert (found.mean, found.p) == (0, 1)


def test_holm_by_hand() -> None:
    made = {name: Difference(5, 0.1, 0.1, p) for name, p in (("a", 0.04), ("b", 0.01), ("c", 0.03))}
    adjusted = {name: of.p_holm for name, of in holm(made).items()}
    assert adjusted == {"a": pytest.approx(0.06), "b": pytest.approx(0.03), "c": pytest.approx(0.06)}


@given(st.dictionaries(st.text(), st.floats(0, 1), max_size=6))
def test_adjusted_values_are_no_smaller_and_at_most_1(ps: dict[str, float]) -> None:
    adjusted = holm({name: Difference(5, 0.1, 0.1, p) for name, p in ps.items()})
    assert all(p <= (adjusted[name].p_holm or 0) <= 1 for name, p in ps.items())
