"""Wrong metrics of several runs."""

import math

import pytest

from cltk.interfaces import GroupMetric
from cltk.testing import conformance_tests


class Gap(GroupMetric):
    """How far the worst run is behind joint training.

    Source: none; a test.
    """

    direction, low = "minimize", -1.0

    def references(self, config):
        return {"joint": {"strategy": {"name": "joint"}}}

    def value(self, records, references):
        return max(record.final_accuracy for record in references["joint"]) - min(map(_accuracy, records))


def _accuracy(record):
    return record.final_accuracy


test_good = conformance_tests(Gap)


def _changing(self, records, references):
    records[0].tasks[0].accuracy[0] = 0.5
    return 0.0


def _stateful(self, records, references):
    self.asked = getattr(self, "asked", 0.0) + 1e-3
    return self.asked


def _renaming(self, config):
    config["name"] = "joint"
    return {}


@pytest.mark.parametrize(
    ("check", "attributes"),
    [
        ("values-lie-in-the-declared-range", {"value": lambda self, records, references: 2.0}),
        ("values-lie-in-the-declared-range", {"value": lambda self, records, references: math.nan}),
        ("values-lie-in-the-declared-range", {"value": lambda self, records, references: 1}),
        ("measuring-is-pure", {"value": _changing}),
        ("references-are-experiments", {"references": lambda self, config: ["joint"], "value": lambda *_: 0.0}),
        ("direction-and-range-are-declared", {"direction": "down"}),
    ],
)
def test_each_defect_is_found_by_its_own_check(failing, check, attributes):
    assert failing(Gap, **attributes) == {check}


def test_a_value_that_depends_on_how_often_it_was_asked_for_is_found(failing):
    assert "measuring-is-pure" in failing(Gap, value=_stateful)


def test_a_configuration_that_is_changed_is_found(failing):
    found = failing(Gap, references=_renaming, value=lambda self, records, references: 0.0)
    assert found == {"references-are-experiments"}
