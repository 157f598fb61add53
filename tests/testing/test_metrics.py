"""Wrong metrics."""

import math
from dataclasses import replace

import pytest

from cltk.interfaces import Metric
from cltk.testing import conformance_tests


class Last(Metric):
    """The mean accuracy in the end.

    Source: none; a test.
    """

    def value(self, history):
        return math.fsum(history.accuracy[-1]) / history.tasks


class UndefinedForOne(Last):
    """Source: none."""

    def value(self, history):
        return super().value(history) if history.tasks > 1 else math.nan


test_good = conformance_tests(Last)
test_undefined_for_one = conformance_tests(UndefinedForOne)


def _changing(self, history):
    object.__setattr__(history, "accuracy", tuple(sorted(history.accuracy)))
    return 0.5


def _stateful(self, history):
    self.best = max(getattr(self, "best", 0.0), Last.value(self, history))
    return self.best


def _cost(self, history):
    return history.single_pass[0] / history.operations[0]


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("values-lie-in-the-declared-range", {"value": lambda self, history: 100 * Last.value(self, history)}),
        ("values-lie-in-the-declared-range", {"value": lambda self, history: -Last.value(self, history)}),
        ("values-lie-in-the-declared-range", {"value": lambda self, history: math.nan}),
        ("values-lie-in-the-declared-range", {"value": lambda self, history: math.inf}),
        ("values-lie-in-the-declared-range", {"value": lambda self, history: int(history.tasks > 9)}),
        ("measuring-is-pure", {"value": _changing}),
        ("measuring-is-pure", {"value": _stateful}),
        ("units-do-not-matter", {"value": lambda self, history: min(1.0, history.buffer_bytes[-1] / 1e8)}),
        ("direction-and-range-are-declared", {"direction": "up"}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Last, **attributes) == {check}


def test_a_range_that_is_none(failing):
    assert "direction-and-range-are-declared" in failing(Last, low=1.0, high=1.0)


def test_a_division_by_nothing(failing):
    assert "values-lie-in-the-declared-range" in failing(Last, value=_cost)


def test_the_same_history_is_not_mistaken_for_a_changed_one(failing):
    assert not failing(Last, value=lambda self, history: Last.value(self, replace(history, data_bytes=1)))
