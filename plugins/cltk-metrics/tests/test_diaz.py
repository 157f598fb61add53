from math import isnan

import pytest

from cltk.interfaces import Metric
from cltk_metrics.diaz import Accuracy, BackwardTransfer, ForwardTransfer, PositiveBackwardTransfer, Remembering

PLAIN = Metric.Config()


def test_a_run_that_forgets(losing):
    # (.9 + .6 + .8 + .3 + .7 + 1.0) / 6 = 4.3 / 6
    assert Accuracy(PLAIN).value(losing) == pytest.approx(4.3 / 6)
    # R12 + R13 + R23: (.4 + .0 + .5) / 3 = .3; the lower triangle would give (.6 + .3 + .7) / 3 = .533
    assert ForwardTransfer(PLAIN).value(losing) == pytest.approx(0.3)
    # R21 - R11 = -.3, R31 - R11 = -.6, R32 - R22 = -.1: -1.0 / 3; without j = i - 1 only -.6 would be left
    assert BackwardTransfer(PLAIN).value(losing) == pytest.approx(-1 / 3)
    # 1 - |-1/3| and nothing gained: swapped, they would be 0 and 2/3
    assert Remembering(PLAIN).value(losing) == pytest.approx(2 / 3)
    assert PositiveBackwardTransfer(PLAIN).value(losing) == 0


def test_a_run_that_gains(gaining):
    # (.4 + .7 + .5 + .6 + .8 + .3) / 6 = 3.3 / 6
    assert Accuracy(PLAIN).value(gaining) == pytest.approx(0.55)
    # (.9 + .2 + .1) / 3
    assert ForwardTransfer(PLAIN).value(gaining) == pytest.approx(0.4)
    # R21 - R11 = .3, R31 - R11 = .2, R32 - R22 = .3: .8 / 3
    assert BackwardTransfer(PLAIN).value(gaining) == pytest.approx(0.8 / 3)
    # nothing lost, and all of the gain: swapped, they would be .267 and 1
    assert Remembering(PLAIN).value(gaining) == 1
    assert PositiveBackwardTransfer(PLAIN).value(gaining) == pytest.approx(0.8 / 3)


def test_two_tasks(matrix):
    history = matrix((0.0, 0.1), (1.0, 0.2), (0.5, 0.9))
    # (1.0 + .5 + .9) / 3
    assert Accuracy(PLAIN).value(history) == pytest.approx(0.8)
    assert ForwardTransfer(PLAIN).value(history) == pytest.approx(0.2)
    # The one entry is j = i - 1: .5 - 1.0
    assert BackwardTransfer(PLAIN).value(history) == pytest.approx(-0.5)
    assert Remembering(PLAIN).value(history) == pytest.approx(0.5)


def test_the_mean_over_time_is_not_the_mean_over_tasks(matrix):
    history = matrix(*((0.0,) * 4,) * 2, (1.0,) * 4, (0.0,) * 4, (0.0,) * 4)
    # Row 2 has two of the ten entries of the lower triangle; row means would give 1/4
    assert Accuracy(PLAIN).value(history) == pytest.approx(0.2)


def test_forward_transfer_leaves_out_the_untrained_row(matrix):
    history = matrix((1.0, 1.0), (0.0, 0.25), (1.0, 1.0))
    assert ForwardTransfer(PLAIN).value(history) == 0.25


def test_extremes(matrix):
    lost = matrix((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    assert BackwardTransfer(PLAIN).value(lost) == BackwardTransfer.low == -1
    assert Remembering(PLAIN).value(lost) == 0
    gained = matrix((0.0, 0.0), (0.0, 0.0), (1.0, 1.0))
    assert BackwardTransfer(PLAIN).value(gained) == BackwardTransfer.high == 1
    assert PositiveBackwardTransfer(PLAIN).value(gained) == 1


def test_one_task(single):
    assert Accuracy(PLAIN).value(single) == 0.8
    for metric in (ForwardTransfer, BackwardTransfer, Remembering, PositiveBackwardTransfer):
        assert isnan(metric(PLAIN).value(single))
