from math import isnan

import pytest

from cltk.interfaces import Metric
from cltk_metrics.average_accuracy import FinalAverageAccuracy
from cltk_metrics.lopez_paz import BackwardTransfer, ForwardTransfer

PLAIN = Metric.Config()


def test_a_run_that_forgets(losing):
    # (.3 + .7 + 1.0) / 3
    assert FinalAverageAccuracy(PLAIN).value(losing) == pytest.approx(2 / 3)
    # (R31 - R11 + R32 - R22) / 2 = (-.6 - .1) / 2
    assert BackwardTransfer(PLAIN).value(losing) == pytest.approx(-0.35)
    # (R12 - R02 + R23 - R03) / 2 = (.2 + .2) / 2
    assert ForwardTransfer(PLAIN).value(losing) == pytest.approx(0.2)


def test_a_run_that_gains(gaining):
    # (.6 + .8 + .3) / 3
    assert FinalAverageAccuracy(PLAIN).value(gaining) == pytest.approx(1.7 / 3)
    # (.2 + .3) / 2
    assert BackwardTransfer(PLAIN).value(gaining) == pytest.approx(0.25)
    # (.9 - .5 + .1 - .5) / 2
    assert ForwardTransfer(PLAIN).value(gaining) == pytest.approx(0, abs=1e-12)


def test_forward_transfer_reads_what_was_measured_before_a_task(matrix):
    # Padding the entries above the diagonal with zeros would make the gain (0 - .5 + 0 - .1) / 2 = -.3
    history = matrix((0.9, 0.5, 0.1), (1.0, 0.7, 0.6), (1.0, 1.0, 0.3), (1.0, 1.0, 1.0))
    # (.7 - .5 + .3 - .1) / 2; R13 = .6, two tasks ahead, plays no part
    assert ForwardTransfer(PLAIN).value(history) == pytest.approx(0.2)


def test_extremes(matrix):
    worst = matrix((0.0, 1.0), (1.0, 0.0), (0.0, 0.0))
    assert ForwardTransfer(PLAIN).value(worst) == ForwardTransfer.low == -1
    assert BackwardTransfer(PLAIN).value(worst) == BackwardTransfer.low == -1


def test_one_task(single):
    assert FinalAverageAccuracy(PLAIN).value(single) == 0.8
    assert isnan(BackwardTransfer(PLAIN).value(single))
    assert isnan(ForwardTransfer(PLAIN).value(single))
