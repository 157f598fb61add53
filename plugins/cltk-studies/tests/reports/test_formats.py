from __future__ import annotations

import pytest

from cltk.runs.summary import Estimate
from cltk_studies.answers.statistics import PairedDifference
from cltk_studies.reports.formats import format_duration, format_mean, format_p


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Estimate(5, 0.91234, 0.01, 0.00449), "0.9123 ± 0.0045"),
        (Estimate(1, -0.5), "-0.5000"),
        (Estimate(3, 61.5, 1.0, 2.48), "61.5 ± 2.5"),
        (Estimate(3, 47_000, 0.0, 0.0), "47,000 ± 0"),
        (None, ""),
    ],
)
def test_a_mean_has_as_many_decimals_as_its_size_leaves_room_for(value: Estimate | None, text: str) -> None:
    assert format_mean(value) == text


def test_a_difference_has_its_sign() -> None:
    assert format_mean(PairedDifference(3, 0.01, 0.02, 0.5), signed=True) == "+0.0100 ± 0.0200"


@pytest.mark.parametrize(("p", "text"), [(0.04321, "0.0432"), (1e-7, "< 0.0001"), (None, "-")])
def test_a_p_value_is_never_0_and_may_be_missing(p: float | None, text: str) -> None:
    assert format_p(PairedDifference(5, 0.1, 0.1, p, p)) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.44, "0.4 s"), (61, "61 s"), (600, "10 min"), (9000, "2.5 h")])
def test_a_duration_is_rounded_to_what_matters(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
