import pytest

from cltk.interfaces import History
from cltk.testing import conformance_tests
from cltk_metrics.learning_accuracy import LearningAccuracy

test_conformance = conformance_tests(LearningAccuracy)


def test_is_the_mean_of_the_diagonal() -> None:
    accuracy = ((0.1, 0.1, 0.1), (1.0, 0.2, 0.2), (0.5, 0.8, 0.3), (0.4, 0.4, 0.6))
    history = History(accuracy, (1, 1, 1), (0, 0, 0), 1, (1, 1, 1), (1, 1, 1))
    metric = LearningAccuracy(LearningAccuracy.Config())
    assert metric.value(history) == pytest.approx((1.0 + 0.8 + 0.6) / 3)
    assert metric.value(history.until(1)) == 1.0
