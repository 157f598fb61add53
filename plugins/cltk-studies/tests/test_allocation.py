"""Budgets are spent to the last sample, and spaces are read as they are written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cltk.errors import ConfigError
from cltk.interfaces import FloatRange, IntRange, OneOf, ScenarioInfo
from cltk_studies.questions.allocation import allocations, spend
from cltk_studies.questions.space import layer_of, read_space

weights = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(weights, st.integers(0, 10**9))
def test_every_budget_is_spent_exactly(of: list[float], total: int) -> None:
    counts = spend(of, total)
    assert sum(counts) == (total if max(of) > 0 else 0)
    assert all(count >= 0 for count in counts)
    assert all(count == 0 for count, weight in zip(counts, of, strict=True) if weight == 0)


@given(weights, st.integers(1, 10**6))
def test_counts_are_in_proportion(of: list[float], total: int) -> None:
    counts = spend(of, total)
    for mine, count in zip(of, counts, strict=True):
        for theirs, other in zip(of, counts, strict=True):
            if mine > theirs:
                assert count >= other


def test_the_shapes() -> None:
    info = ScenarioInfo((1, 8, 8), 10, (100, 100, 200, 100, 100), tuple((task,) for task in range(5)), "class")
    assert allocations(info, 1000) == {
        "zero": [0, 0, 0, 0, 0],
        "uniform": [0, 250, 250, 250, 250],
        "linear": [0, 100, 200, 300, 400],
        "equal": [0, 200, 400, 200, 200],
    }


NOTHING: Any = SimpleNamespace(resolved=SimpleNamespace(components={}))
"""What is prepared of an experiment without components."""


def test_a_space_is_read() -> None:
    table = {
        "strategy": {"generator": {"lr": {"low": 1e-4, "high": 1e-2, "log": True}}},
        "classifier.hidden": [50, 100],
    }
    table["generator.latent-dim"] = {"low": 2, "high": 100}
    assert read_space(table, NOTHING) == {
        "strategy.generator.lr": FloatRange(1e-4, 1e-2, log=True),
        "classifier.hidden": OneOf((50, 100)),
        "generator.latent_dim": IntRange(2, 100),
    }


@pytest.mark.parametrize(
    "table",
    [
        {"generator.latent_dim": {"low": 5, "high": 2}},
        {"generator.latent_dim": {"low": 0, "high": 2, "log": True}},
        {"generator.latent_dim": {"low": 0}},
        {"generator.latent_dim": "any"},
        {"generator.latent_dim": []},
        {"generator": True},
        {"seeds": [1, 2]},
    ],
)
def test_what_is_no_space_is_named(table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        read_space(table, NOTHING)


def test_entries_of_lists_are_set_one_by_one() -> None:
    below = {"schedule": {"counts": [0, 1, 2]}}
    values = {"schedule.counts.1": 7, "schedule.counts.3": 9, "generator.latent_dim": 2}
    assert layer_of(values, below, 4) == {"schedule": {"counts": [0, 7, 2, 9]}, "generator": {"latent_dim": 2}}
