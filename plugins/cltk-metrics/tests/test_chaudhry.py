from math import isnan

import pytest

from cltk.interfaces import Metric
from cltk_metrics.chaudhry import Forgetting

FORGETTING = Forgetting(Metric.Config())


def test_a_run_that_forgets(losing):
    # max(.9, .6) - .3 = .6 and max(.4, .8) - .7 = .1
    assert FORGETTING.value(losing) == pytest.approx(0.35)


def test_rows_before_a_task_was_learned_count(gaining):
    # max(.4, .7) - .6 = .1 and max(.9, .5) - .8 = .1; from the diagonal on, the second would be .5 - .8 = -.3
    assert FORGETTING.value(gaining) == pytest.approx(0.1)


def test_the_untrained_row_does_not_count(matrix):
    # max(R11) - R21 = .4 - .3, although the untrained model had 1.0
    assert FORGETTING.value(matrix((1.0, 1.0), (0.4, 0.0), (0.3, 0.9))) == pytest.approx(0.1)


def test_the_last_row_is_no_part_of_the_maximum(matrix):
    # R11 - R21 = .2 - .9; were it part, nothing could come out below 0
    assert FORGETTING.value(matrix((0.0, 0.0), (0.2, 0.0), (0.9, 0.9))) == pytest.approx(-0.7)


def test_less_is_better():
    assert FORGETTING.direction == "minimize"


def test_one_task(single):
    assert isnan(FORGETTING.value(single))
