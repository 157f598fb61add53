"""What each schedule promises, for any scenario and any configuration."""

from importlib.metadata import distribution

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cltk.config import check
from cltk.errors import ConfigError
from cltk.interfaces import FloatRange, IntRange, ScenarioInfo
from cltk.layers import parse_value
from cltk_schedules.equal import Equal
from cltk_schedules.fixed import Fixed
from cltk_schedules.linear import Linear
from cltk_schedules.manual import Manual
from cltk_schedules.power import Power

SCHEDULES = [Equal, Fixed, Linear, Power, Manual]

samples = st.integers(0, 10**9)
exponents = st.floats(0, 10)
completed_tasks = st.integers(1, 10_000)
training_samples = st.integers(1, 10**9)


def _info(tasks: int = 5, size: int = 12_000) -> ScenarioInfo:
    classes = tuple((2 * task, 2 * task + 1) for task in range(tasks))
    return ScenarioInfo((1, 28, 28), 2 * tasks, (size,) * tasks, classes, "class")


INFO = _info()

configs = st.one_of(
    st.builds(Equal.Config).map(lambda config: (Equal, config)),
    st.builds(Fixed.Config, samples=samples).map(lambda config: (Fixed, config)),
    st.builds(Linear.Config, per_task=samples).map(lambda config: (Linear, config)),
    st.builds(Power.Config, per_task=samples, exponent=exponents).map(lambda config: (Power, config)),
    st.builds(Manual.Config, counts=st.tuples(*[samples] * 5)).map(lambda config: (Manual, config)),
)


@given(configs, st.integers(1, 4), training_samples)
def test_whole_numbers_not_below_zero_and_pure(chosen, completed, current):
    schedule, config = chosen
    count = schedule(config, INFO).count(completed, current)
    assert type(count) is int
    assert count >= 0
    assert schedule(config, INFO).count(completed, current) == count


@given(configs)
def test_config_survives_json(chosen):
    schedule, config = chosen
    assert schedule.Config.model_validate_json(config.model_dump_json()) == config


@given(completed_tasks, training_samples)
def test_equal_is_what_the_task_has(completed, current):
    assert Equal(Equal.Config(), INFO).count(completed, current) == current


@given(samples, completed_tasks, training_samples)
def test_fixed_is_constant(number, completed, current):
    assert Fixed(Fixed.Config(samples=number), INFO).count(completed, current) == number


@given(samples, completed_tasks, training_samples)
def test_linear_is_a_multiple_of_the_tasks(number, completed, current):
    assert Linear(Linear.Config(per_task=number), INFO).count(completed, current) == completed * number


@given(samples, completed_tasks, training_samples)
def test_power_joins_fixed_and_linear(number, completed, current):
    flat, straight = (Power(Power.Config(per_task=number, exponent=p), INFO) for p in (0, 1))
    assert flat.count(completed, current) == Fixed(Fixed.Config(samples=number), INFO).count(completed, current)
    assert straight.count(completed, current) == Linear(Linear.Config(per_task=number), INFO).count(completed, current)


@pytest.mark.parametrize(
    ("completed", "expected"),
    # 1000 times the root of 1, 2, 3, 4 and 7: 2645.75 is rounded up
    [(1, 1000), (2, 1414), (3, 1732), (4, 2000), (7, 2646)],
)
def test_power_by_default_is_the_square_root(completed, expected):
    assert Power(Power.Config(per_task=1000), INFO).count(completed, 12_000) == expected


@pytest.mark.parametrize(("schedule", "expected"), [(Fixed, 30), (Linear, 60), (Power, 42)])
def test_by_default_an_average_task_is_replayed(schedule, expected):
    info = ScenarioInfo((1, 28, 28), 4, (20, 40), ((0, 1), (2, 3)), "class")
    assert schedule(schedule.Config(), info).count(2, 20) == expected


def test_power_at_its_bounds_is_still_a_whole_number():
    schedule = Power(Power.Config(per_task=10**9, exponent=10), INFO)
    assert type(schedule.count(10**18, 1)) is int


@given(samples, exponents, completed_tasks, training_samples)
def test_growing_schedules_never_shrink(number, exponent, completed, current):
    for schedule in (
        Linear(Linear.Config(per_task=number), INFO),
        Power(Power.Config(per_task=number, exponent=exponent), INFO),
    ):
        assert schedule.count(completed + 1, current) >= schedule.count(completed, current)


@given(st.lists(samples, min_size=1, max_size=12), training_samples)
def test_manual_returns_its_entries(counts, current):
    schedule = Manual(Manual.Config(counts=tuple(counts)), _info(len(counts)))
    assert [schedule.count(completed, current) for completed in range(1, len(counts))] == counts[1:]


@given(st.lists(samples, max_size=12), st.integers(1, 12))
def test_manual_refuses_another_number_of_entries(counts, tasks):
    config = Manual.Config(counts=tuple(counts))
    if len(counts) == tasks:
        assert Manual(config, _info(tasks)).config == config
        return
    with pytest.raises(ConfigError) as caught:
        Manual(config, _info(tasks))
    assert f"has {len(counts)} counts" in caught.value.problem
    assert f"there are {tasks} tasks" in caught.value.problem


@pytest.mark.parametrize("tasks", [1, 2, 5, 10])
def test_manual_without_counts_says_what_to_type(tasks):
    with pytest.raises(ConfigError) as caught:
        Manual(Manual.Config(), _info(tasks))
    _, typed = caught.value.advice.split("--schedule.counts ")
    config = check(Manual.Config, {"counts": parse_value(typed)}, "schedule 'manual'")
    assert Manual(config, _info(tasks)).config.counts[0] == 0


def test_manual_shortens_what_to_type_for_many_tasks():
    with pytest.raises(ConfigError, match=r"--schedule\.counts 0,1000,.*,9000,\.\.\."):
        Manual(Manual.Config(), _info(100))


@given(samples)
def test_manual_takes_one_number_for_a_list_of_one(number):
    assert Manual.Config.model_validate({"counts": number}).counts == (number,)


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (Equal, {"samples": 1}),
        (Fixed, {"sample": 1}),
        (Fixed, {"samples": -1}),
        (Fixed, {"samples": 10**9 + 1}),
        (Fixed, {"samples": 1.5}),
        (Linear, {"samples": 1}),
        (Linear, {"per_task": -1}),
        (Power, {"p": 1}),
        (Power, {"per_task": -1}),
        (Power, {"exponent": -0.1}),
        (Power, {"exponent": 10.5}),
        (Power, {"exponent": float("nan")}),
        (Power, {"exponent": float("inf")}),
        (Manual, {"count": [0]}),
        (Manual, {"counts": -1}),
        (Manual, {"counts": [0, 1, -1]}),
        (Manual, {"counts": [0, "many"]}),
        (Manual, {"counts": None}),
    ],
)
def test_what_is_refused(schedule, values):
    with pytest.raises(ConfigError, match=r"^schedule: "):
        check(schedule.Config, values, "schedule")


def test_search_spaces():
    assert Equal.search_space(INFO) == {}
    assert Fixed.search_space(INFO) == {"samples": IntRange(0, 24_000)}
    # 24,000 at the last task, after 4 others
    assert Linear.search_space(INFO) == {"per_task": IntRange(0, 6_000)}
    assert Power.search_space(INFO) == {"per_task": IntRange(0, 24_000), "exponent": FloatRange(0.0, 1.0)}
    assert Manual.search_space(INFO) == {f"counts.{task}": IntRange(0, 24_000) for task in (1, 2, 3, 4)}


@pytest.mark.parametrize("schedule", SCHEDULES)
@given(st.integers(1, 20), st.integers(1, 100_000))
def test_search_spaces_name_fields_and_hold_valid_values(schedule, tasks, size):
    info = _info(tasks, size)
    for name, dimension in schedule.search_space(info).items():
        field, _, index = name.partition(".")
        for value in (dimension.low, dimension.high):
            given_value = (0,) * int(index) + (value,) if index else value
            assert getattr(schedule.Config(**{field: given_value}), field) == given_value


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_says_where_it_comes_from(schedule):
    assert "Source: " in schedule.__doc__


def test_every_entry_point_is_among_them():
    points = distribution("cltk-schedules").entry_points.select(group="cltk.schedules")
    assert {point.load() for point in points} == set(SCHEDULES)
