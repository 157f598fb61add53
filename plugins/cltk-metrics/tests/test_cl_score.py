from dataclasses import replace
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cltk.config import check
from cltk.errors import ConfigError
from cltk.interfaces import History
from cltk_metrics.score import Score

NAMES = ("accuracy", "rem", "bwt_plus", "fwt", "ms", "sss", "ce")
NONE = dict.fromkeys(NAMES, 0.0)


@pytest.fixture
def history(losing: History) -> History:
    # MS = (1 + .5 + .25) / 3, SSS = 1 - (0 + .1 + .2) / 3 = .9, CE = (.1 + .25 + 1) / 3 = .45
    return replace(
        losing,
        model_bytes=(100, 200, 400),
        buffer_bytes=(0, 30, 60),
        data_bytes=300,
        single_pass=(10, 10, 10),
        operations=(100, 40, 10),
    )


EXPECTED = {
    "accuracy": 4.3 / 6,
    "rem": 2 / 3,
    "bwt_plus": 0.0,
    "fwt": 0.3,
    "ms": 1.75 / 3,
    "sss": 0.9,
    "ce": 0.45,
}


def test_uniform_by_default(history):
    assert Score(Score.Config()).value(history) == pytest.approx(sum(EXPECTED.values()) / 7)


@pytest.mark.parametrize("name", NAMES)
def test_each_criterion_alone(history, name):
    assert Score(Score.Config(**{**NONE, name: 3.0})).value(history) == pytest.approx(EXPECTED[name])


def test_weights_are_normalised(history):
    # (1 * 2/3 + 3 * .9) / 4
    assert Score(Score.Config(**{**NONE, "rem": 1.0, "sss": 3.0})).value(history) == pytest.approx((2 / 3 + 2.7) / 4)


def test_epsilon_reaches_the_criterion(history):
    # (.2 + .5 + 2) / 3 = .9
    assert Score(Score.Config(**{**NONE, "ce": 1.0, "epsilon": 2.0})).value(history) == pytest.approx(0.9)


def test_one_task_leaves_it_undefined(history):
    assert isnan(Score(Score.Config()).value(history.until(1)))


def test_one_task_is_enough_where_undefined_criteria_weigh_nothing(history):
    config = Score.Config(rem=0, bwt_plus=0, fwt=0)
    # (A + MS + SSS + CE) / 4 = (.9 + 1 + 1 + .1) / 4
    assert Score(config).value(history.until(1)) == pytest.approx(0.75)


@pytest.mark.parametrize("values", [NONE, {"rem": -1}, {"ce": float("nan")}, {"acuracy": 1}, {"epsilon": 0}])
def test_what_is_refused(values):
    with pytest.raises(ConfigError):
        check(Score.Config, values, "metric 'diaz-cl-score'")


def test_no_weight_at_all_is_named():
    with pytest.raises(ConfigError, match="must be above 0"):
        check(Score.Config, NONE, "metric 'diaz-cl-score'")


@given(st.lists(st.floats(0, 1e6), min_size=7, max_size=7).filter(any), st.floats(1e-6, 1e6))
def test_perfect_criteria_score_one_whatever_the_weights(weights, epsilon):
    config = Score.Config(**dict(zip(NAMES, weights, strict=True)), epsilon=epsilon)
    rows = ((0.0, 1.0), (0.0, 1.0), (1.0, 1.0))
    perfect = History(rows, (1, 1), (0, 0), 1, (0, 0), (1, 1))
    # BWT = 1 costs A the accuracy of the first row: (0 + 1 + 1) / 3
    value = Score(config).value(perfect)
    assert 0 <= value <= 1
    if not config.accuracy:
        assert value == 1


@given(st.lists(st.floats(0, 1e6), min_size=7, max_size=7).filter(any))
def test_config_survives_json(weights):
    config = Score.Config(**dict(zip(NAMES, weights, strict=True)))
    assert Score.Config.model_validate_json(config.model_dump_json()) == config
