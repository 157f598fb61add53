"""What holds for the metrics of any history."""

from dataclasses import replace
from importlib.metadata import distribution
from math import isfinite, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cltk.interfaces import GroupMetric, History, Metric
from cltk_metrics import (
    average_accuracy,
    chaudhry,
    costs,
    diaz,
    efficiency,
    incremental_accuracy,
    learning_accuracy,
    lopez_paz,
    score,
    task_aware,
)

METRICS = [
    average_accuracy.FinalAverageAccuracy,
    diaz.Accuracy,
    diaz.BackwardTransfer,
    diaz.ForwardTransfer,
    diaz.Remembering,
    diaz.PositiveBackwardTransfer,
    efficiency.ModelSize,
    efficiency.SampleStorage,
    efficiency.Computation,
    score.Score,
    lopez_paz.BackwardTransfer,
    lopez_paz.ForwardTransfer,
    chaudhry.Forgetting,
    learning_accuracy.LearningAccuracy,
    incremental_accuracy.AverageIncrementalAccuracy,
    task_aware.TaskAwareAccuracy,
    costs.SamplesReplayed,
    costs.Operations,
]
PLAIN = Metric.Config()

fractions = st.floats(0, 1)
amounts = st.integers(0, 10**15)


@st.composite
def histories(draw: st.DrawFn, least: int = 1) -> History:
    tasks = draw(st.integers(least, 6))

    def row(entries: st.SearchStrategy) -> tuple:
        return tuple(draw(st.lists(entries, min_size=tasks, max_size=tasks)))

    rows = tuple(row(fractions) for _ in range(tasks + 1))
    aware = tuple(row(fractions) for _ in range(tasks + 1))
    columns = {"extra_bytes": row(amounts), "replayed": row(amounts), "task_aware": aware}
    return History(rows, row(amounts), row(amounts), draw(amounts), row(amounts), row(amounts), **columns)


def _changed(history: History, value: float, where) -> History:
    """With ``value`` put at each (learned, task) for which ``where`` is true."""
    rows = tuple(
        tuple(value if where(i, j) else entry for j, entry in enumerate(row, start=1))
        for i, row in enumerate(history.accuracy)
    )
    return replace(history, accuracy=rows)


@given(histories(least=2))
def test_finite_within_its_range_and_pure(history):
    for metric in METRICS:
        instance = metric(metric.Config())
        value = instance.value(history)
        assert isinstance(value, float), metric
        assert isfinite(value), metric
        assert metric.low <= value <= metric.high, metric
        assert instance.value(history) == metric(metric.Config()).value(history) == value, metric


@given(histories())
def test_one_task_gives_a_number_in_range_or_none(history):
    for metric in METRICS:
        value = metric(metric.Config()).value(history.until(1))
        assert isnan(value) or metric.low <= value <= metric.high, metric


@given(histories(least=3), st.data(), fractions)
def test_a_prefix_knows_nothing_of_what_follows(history, data, value):
    learned = data.draw(st.integers(2, history.tasks - 1))
    altered = _changed(history, value, lambda i, j: i > learned or j > learned)
    for metric in METRICS:
        instance = metric(metric.Config())
        assert instance.value(history.until(learned)) == instance.value(altered.until(learned)), metric


@pytest.mark.parametrize(
    ("metric", "ignored"),
    [
        (average_accuracy.FinalAverageAccuracy, lambda i, j, n: i < n),
        (diaz.Accuracy, lambda i, j, n: i < j),
        (diaz.ForwardTransfer, lambda i, j, n: i >= j or i == 0),
        (diaz.BackwardTransfer, lambda i, j, n: i < j or i == j == n),
        (diaz.Remembering, lambda i, j, n: i < j),
        (diaz.PositiveBackwardTransfer, lambda i, j, n: i < j),
        (lopez_paz.BackwardTransfer, lambda i, j, n: i not in (j, n)),
        (lopez_paz.ForwardTransfer, lambda i, j, n: i not in (0, j - 1)),
        (chaudhry.Forgetting, lambda i, j, n: i == 0 or j == n),
    ],
)
@given(histories(least=2), fractions)
def test_entries_that_play_no_part(metric, ignored, history, value):
    altered = _changed(history, value, lambda i, j: ignored(i, j, history.tasks))
    instance = metric(PLAIN)
    assert instance.value(altered) == instance.value(history)


@given(histories(), st.randoms(use_true_random=False))
def test_final_accuracy_does_not_depend_on_the_order_of_the_tasks(history, random):
    last = list(history.accuracy[-1])
    random.shuffle(last)
    altered = replace(history, accuracy=(*history.accuracy[:-1], tuple(last)))
    metric = average_accuracy.FinalAverageAccuracy(PLAIN)
    assert metric.value(altered) == metric.value(history)


@given(histories(least=2))
def test_what_is_kept_and_what_is_gained_make_up_the_transfer(history):
    transfer = diaz.BackwardTransfer(PLAIN).value(history)
    kept = diaz.Remembering(PLAIN).value(history)
    gained = diaz.PositiveBackwardTransfer(PLAIN).value(history)
    assert kept - 1 + gained == pytest.approx(transfer)
    assert kept == 1 or gained == 0


@given(histories(least=2))
def test_forgetting_is_no_less_than_the_loss_since_each_task(history):
    loss = -lopez_paz.BackwardTransfer(PLAIN).value(history)
    assert chaudhry.Forgetting(PLAIN).value(history) >= loss - 1e-12


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_names_its_source(metric):
    assert "Source: " in metric.__doc__


def test_every_entry_point_is_among_them():
    points = distribution("cltk-metrics").entry_points.select(group="cltk.metrics")
    loaded = {point.load() for point in points}
    assert {metric for metric in loaded if not issubclass(metric, GroupMetric)} == set(METRICS)
