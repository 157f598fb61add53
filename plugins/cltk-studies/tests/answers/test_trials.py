"""Trials that no other one beats."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cltk_studies.answers.trials import Goal, find_front

points = st.dictionaries(st.text(min_size=1), st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


def goals(trials: dict[str, tuple[int, int]], maximize: bool, minimize: bool) -> tuple[Goal, Goal]:
    up = Goal("accuracy", not maximize, {name: float(point[0]) for name, point in trials.items()})
    right = Goal("samples", minimize, {name: float(point[1]) for name, point in trials.items()})
    return up, right


def test_the_front_goes_from_the_cheapest_to_the_best() -> None:
    trials = {"best": (9, 5), "beaten": (7, 6), "cheap": (5, 0), "as cheap and worse": (4, 0)}
    assert find_front(*goals(trials, maximize=True, minimize=True)) == ["cheap", "best"]


@given(points, st.booleans(), st.booleans())
def test_none_of_the_front_is_beaten_and_all_others_are(
    trials: dict[str, tuple[int, int]], maximize: bool, minimize: bool
) -> None:
    up, right = goals(trials, maximize, minimize)
    front = find_front(up, right)

    def beats(one: str, other: str) -> bool:
        signs = ((1 if maximize else -1, up.values), (-1 if minimize else 1, right.values))
        gains = [sign * (values[one] - values[other]) for sign, values in signs]
        return min(gains) >= 0 and max(gains) > 0

    assert not any(beats(one, other) for other in front for one in trials)
    for name in set(trials) - set(front):
        assert any(beats(one, name) or trials[one] == trials[name] for one in front)


def test_a_trial_without_one_of_the_values_is_left_out() -> None:
    up, right = Goal("accuracy", False, {"a": 1.0, "b": 2.0}), Goal("samples", True, {"a": 3.0})
    assert find_front(up, right) == ["a"]
