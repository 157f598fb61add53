"""Accuracy to whoever is told the task."""

from dataclasses import replace

from cltk.testing import conformance_tests
from cltk_metrics.normalised import NormalisedForgetting, NormalisedPlasticity, NormalisedStability
from cltk_metrics.task_aware import TaskAwareAccuracy

test_task_aware = conformance_tests(TaskAwareAccuracy)
test_forgetting = conformance_tests(NormalisedForgetting)
test_plasticity = conformance_tests(NormalisedPlasticity)
test_stability = conformance_tests(NormalisedStability)


def test_it_is_of_the_task_aware_row(losing):
    aware = ((0.5, 0.5, 0.5), (0.9, 0.5, 0.5), (0.9, 0.9, 0.5), (0.6, 0.9, 0.9))
    metric = TaskAwareAccuracy(TaskAwareAccuracy.Config())
    assert metric.value(replace(losing, task_aware=aware)) == (0.6 + 0.9 + 0.9) / 3
