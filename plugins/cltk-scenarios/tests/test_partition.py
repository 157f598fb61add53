from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cltk_scenarios.partition import groups, hold_out

orders = st.permutations(range(10))


@given(orders, st.integers(1, 10))
def test_groups_are_those_of_numpy(order: list[int], tasks: int) -> None:
    expected = tuple(tuple(part.tolist()) for part in np.array_split(order, tasks))
    assert groups(order, tasks) == expected


@settings(deadline=None)
@given(st.integers(1, 300), st.floats(0, 1, exclude_max=True), st.none() | st.integers(1, 50))
def test_parts_of_a_class_are_disjoint_and_never_leave_nothing_to_train_on(
    count: int, share: float, limit: int | None
) -> None:
    members = torch.arange(count) * 3
    train, held = hold_out(members, 4, share, limit)
    assert not set(train.tolist()) & set(held.tolist())
    assert set(train.tolist()) | set(held.tolist()) <= set(members.tolist())
    assert len(train) >= 1
    assert len(held) == min(round(share * count), count - 1)
    assert len(train) == min(count - len(held), limit or count)


def test_what_is_held_out_does_not_depend_on_the_limit_and_limits_are_nested() -> None:
    members = torch.arange(100)
    parts = [hold_out(members, 2, 0.2, limit) for limit in (5, 50, None)]
    assert all(torch.equal(held, parts[0][1]) for _, held in parts)
    assert set(parts[0][0].tolist()) < set(parts[1][0].tolist()) < set(parts[2][0].tolist())


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    hold_out(torch.arange(10), 0, 0.5, None)
    assert torch.equal(torch.get_rng_state(), before)
