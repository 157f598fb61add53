"""Wrong schedules."""

import os

import pytest
from pydantic import Field

from cltk.config import Settings
from cltk.errors import ConfigError
from cltk.testing.standins import Half


def _stateful(self, completed, current):
    self.asked = getattr(self, "asked", 0) + 1
    return self.asked


def _changing(self, completed, current):
    self.config.__dict__["samples"] = current
    return 1


class Config(Settings):
    samples: int = Field(1, description="a number")


@pytest.mark.parametrize(
    "count",
    [
        lambda self, completed, current: -1,
        lambda self, completed, current: 100 - 10 * completed,
        lambda self, completed, current: current / 2,
        lambda self, completed, current: True,
        lambda self, completed, current: None if completed > 3 else 1,
    ],
)
def test_counts_that_are_none(failing, count):
    assert "counts-are-whole-and-not-negative" in failing(Half, count=count)


def test_exactly_the_sign_is_found(failing):
    found = failing(Half, count=lambda self, completed, current: 100 - 10 * completed)
    assert found == {"counts-are-whole-and-not-negative"}


def test_a_count_that_depends_on_how_often_it_was_asked_for(failing):
    assert failing(Half, count=_stateful) == {"counting-is-pure"}


def test_a_count_that_changes_the_config(failing):
    assert failing(Half, Config=Config, count=_changing) == {"counting-is-pure"}


def test_a_count_from_a_source_of_its_own(failing):
    found = failing(Half, count=lambda self, completed, current: os.urandom(4)[0])
    assert found == {"counting-is-pure", "same-stream-same-result"}


def test_another_number_of_tasks_may_be_refused(failing):
    def choosy(self, config, info):
        if info.tasks != 3:
            raise ConfigError("Only three tasks.")
        self.config = config

    assert not failing(Half, __init__=choosy)


def test_a_schedule_that_looks_back_passes(failing):
    def count(self, completed, current, past):
        return round(100 * (1 - past.accuracy[-1][0])) + past.replayed[-1]

    assert not failing(Half, count=count)


def test_a_schedule_that_counts_by_class_passes(failing):
    assert not failing(Half, count=lambda self, completed, current: dict.fromkeys(self.info.seen(completed), 5))


def test_a_class_that_was_not_learned_is_found(failing):
    found = failing(Half, count=lambda self, completed, current: {self.info.outputs - 1: 5})
    assert "counts-are-whole-and-not-negative" in found
