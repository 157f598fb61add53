"""Whether two functions compute the same of what they are given."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from cltk.engine.fast.programs import Program, program_of


def program(function: Callable[[Tensor, Tensor], Tensor], *shape: int) -> Program:
    one, two = torch.rand(shape or (3, 3)), torch.rand(shape or (3, 3))
    return program_of(lambda: function(one, two), [one, two])


def test_other_values_are_the_same_program() -> None:
    assert program(lambda a, b: (a @ b).relu().sum()) == program(lambda a, b: (a @ b).relu().sum())


def test_what_is_brought_along_counts_by_its_values() -> None:
    def plus(values: list[float]) -> Program:
        own = torch.tensor(values)
        return program(lambda a, b: a + b + own)

    assert plus([1.0, 2.0, 3.0]) == plus([1.0, 2.0, 3.0])
    assert plus([1.0, 2.0, 3.0]) != plus([1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    "other",
    [
        lambda a, b: b + a,
        lambda a, b: a - b,
        lambda a, b: a + 2 * b,
        lambda a, b: a + b.double(),
        lambda a, b: (a + b).sum(),
        lambda a, b: a + float(b.sum()),
        lambda a, b: a[:1] + b,
    ],
)
def test_another_program(other: Callable[[Tensor, Tensor], Tensor]) -> None:
    assert program(lambda a, b: a + b) != program(other)


def test_other_shapes_are_another_program() -> None:
    assert program(lambda a, b: a + b, 2, 2) != program(lambda a, b: a + b, 2, 3)


def test_a_number_read_from_a_tensor_is_part_of_it() -> None:
    def scaled(x: Tensor) -> Program:
        return program_of(lambda: x * float(x.sum()), [x])

    assert scaled(torch.ones(2)) == scaled(torch.ones(2))
    assert scaled(torch.ones(2)) != scaled(torch.full((2,), 2.0))
