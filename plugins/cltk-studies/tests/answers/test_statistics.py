"""Paired differences, what may be inferred from them, and their adjustment."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cltk_studies.answers.statistics import PairedDifference, adjust_by_holm, paired_difference

values = st.lists(st.floats(0, 1), min_size=2, max_size=8)


def compare(cell: list[float], baseline: list[float], resolution: float = 0.0) -> PairedDifference:
    found = paired_difference(dict(enumerate(cell)), dict(enumerate(baseline)), resolution)
    assert found is not None
    return found


def test_the_difference_is_paired_by_seed() -> None:
    ours, theirs = {0: 0.5, 1: 0.7, 2: 0.6, 9: 0.0}, {2: 0.5, 1: 0.65, 0: 0.48, 7: 1.0}
    found = paired_difference(ours, theirs)
    assert found is not None
    assert found.n == 3
    assert found.p == pytest.approx(stats.ttest_rel([0.5, 0.7, 0.6], [0.48, 0.65, 0.5]).pvalue)


def test_cells_without_a_common_seed_are_not_compared() -> None:
    assert paired_difference({0: 1.0}, {1: 1.0}) is None


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_settle_nothing(seeds: int) -> None:
    found = compare([0.9, 0.8][:seeds], [0.5, 0.45][:seeds])
    assert (found.p, found.reason) == (None, "fewer than 3 seeds")
    assert found.mean == pytest.approx([0.4, 0.375][seeds - 1])


@given(values)
def test_a_cell_does_not_differ_from_itself(cell: list[float]) -> None:
    found = compare(cell, cell)
    assert (found.mean, found.p, found.ci95) == (0, None, None)


@pytest.mark.parametrize("by", [0.1, 1 / 72, -0.5])
def test_nothing_is_inferred_from_differences_that_do_not_vary(by: float) -> None:
    """Two or more seeds that all differ by one test image; or a quantity that no seed changes."""
    baseline = [0.91, 0.93, 0.92]
    found = compare([value + by for value in baseline], baseline)
    assert (found.p, found.ci95, found.reason) == (None, None, "the differences do not vary")
    assert found.mean == pytest.approx(by)


def test_differences_that_are_equal_but_for_rounding_do_not_vary() -> None:
    found = compare([0.3, 0.1 + 0.2, 0.3, 0.3], [0.1, 0.1, 0.1, 0.1])
    assert found.p is None


@given(st.lists(st.integers(1, 2), min_size=3, max_size=6).filter(lambda counts: len(set(counts)) > 1))
def test_one_or_two_test_samples_are_never_settled(counts: list[int]) -> None:
    """Accuracies are counts: differences of a sample or two agree by chance, which a t test takes for certainty."""
    step = 1 / 72
    found = compare([0.9 + count * step for count in counts], [0.9] * len(counts), step)
    assert found.p is not None
    assert found.p >= 2 * stats.t.sf(2 * math.sqrt(len(counts)), len(counts) - 1) - 1e-9


def test_the_resolution_does_not_matter_where_differences_vary_by_more() -> None:
    cell, baseline = [0.9, 0.8, 0.85, 0.7], [0.6, 0.7, 0.65, 0.66]
    assert compare(cell, baseline, 0.001) == compare(cell, baseline)


def test_holm_by_hand() -> None:
    made = {name: PairedDifference(5, 0.1, 0.1, p) for name, p in (("a", 0.04), ("b", 0.01), ("c", 0.03))}
    adjusted = {name: found.p_holm for name, found in adjust_by_holm(made).items()}
    assert adjusted == {"a": pytest.approx(0.06), "b": pytest.approx(0.03), "c": pytest.approx(0.06)}


def test_a_cell_without_a_p_value_counts_as_compared() -> None:
    made = {"a": PairedDifference(5, 0.1, 0.1, 0.02), "b": PairedDifference(5, 0.1, reason="it does not vary")}
    adjusted = adjust_by_holm(made)
    assert (adjusted["a"].p_holm, adjusted["b"].p_holm) == (0.04, None)


@given(st.dictionaries(st.text(), st.floats(0, 1), max_size=6))
def test_adjusted_values_are_no_smaller_and_at_most_1(ps: dict[str, float]) -> None:
    adjusted = adjust_by_holm({name: PairedDifference(5, 0.1, 0.1, p) for name, p in ps.items()})
    assert all(p <= (adjusted[name].p_holm or 0) <= 1 for name, p in ps.items())
