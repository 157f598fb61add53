from dataclasses import replace

import pytest
from pydantic import ValidationError

from cltk.interfaces import Metric
from cltk_metrics.efficiency import Computation, ModelSize, SampleStorage

PLAIN = Metric.Config()


def _computation(epsilon: float = 1.0) -> Computation:
    return Computation(Computation.Config(epsilon=epsilon))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((100, 200, 400), 1.75 / 3),  # 1 + 1/2 + 1/4
        ((100, 100, 100), 1.0),
        ((100, 50, 50), 1.0),  # 1 + 2 + 2 = 5, over 3, cut to 1
        ((0, 0, 0), 1.0),  # no parameters at all
        ((0, 10, 10), 1 / 3),  # 1 + 0 + 0
        ((100, 0, 100), 1.0),  # 1 + 1 + 1
    ],
)
def test_model_size(losing, sizes, expected):
    assert ModelSize(PLAIN).value(replace(losing, model_bytes=sizes)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("stored", "data", "expected"),
    [
        ((0, 30, 60), 300, 0.9),  # 1 - (0 + .1 + .2) / 3
        ((0, 0, 0), 300, 1.0),
        ((300, 300, 300), 300, 0.0),
        ((900, 900, 900), 300, 0.0),  # a share of 3, cut to 1
        ((0, 0, 0), 0, 1.0),
        ((0, 5, 5), 0, 1 / 3),  # 1 - (0 + 1 + 1) / 3
    ],
)
def test_sample_storage(losing, stored, data, expected):
    assert SampleStorage(PLAIN).value(replace(losing, buffer_bytes=stored, data_bytes=data)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("single", "spent", "epsilon", "expected"),
    [
        ((10, 10, 10), (100, 40, 10), 1, 0.45),  # (.1 + .25 + 1) / 3
        ((10, 10, 10), (100, 100, 50), 2, 0.8 / 3),  # (.2 + .2 + .4) / 3
        ((10, 10, 10), (100, 100, 100), 10, 1.0),
        ((10, 10, 10), (100, 100, 100), 50, 1.0),  # a mean of 5, cut to 1
        ((10, 10, 10), (0, 0, 0), 0.5, 1.0),  # closed form
        ((10, 10, 10), (0, 100, 100), 2, 1.4 / 3),  # 1 + .2 + .2
        ((0, 0, 0), (100, 100, 100), 1, 0.0),
        ((0, 0, 0), (0, 0, 0), 1, 1.0),
    ],
)
def test_computation(losing, single, spent, epsilon, expected):
    history = replace(losing, single_pass=single, operations=spent)
    assert _computation(epsilon).value(history) == pytest.approx(expected)


def test_one_task_is_enough(single):
    assert ModelSize(PLAIN).value(single) == SampleStorage(PLAIN).value(single) == _computation().value(single) == 1


@pytest.mark.parametrize("epsilon", [0, -1, 1e7, float("nan"), float("inf")])
def test_epsilon_out_of_range(epsilon):
    with pytest.raises(ValidationError, match="epsilon"):
        Computation.Config(epsilon=epsilon)
