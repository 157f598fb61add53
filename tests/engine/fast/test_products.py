"""Products that are faster are no less precise, and leave PyTorch's settings as they were."""

from __future__ import annotations

import pytest
import torch

from cltk.engine.fast.products import fast_products

BFLOAT16 = 2**-9
"""How far rounding to bfloat16 may take a number, relative to it."""


@pytest.mark.parametrize(("rows", "columns"), [(256, 400), (3, 7)])
def test_products_are_of_float32(rows: int, columns: int) -> None:
    rng = torch.Generator().manual_seed(0)
    a, b = torch.rand((rows, 784), generator=rng), torch.rand((784, columns), generator=rng)
    exact = a.double() @ b.double()
    with fast_products():
        product = a @ b
        layer = torch.nn.functional.linear(a, b.T.contiguous())
    for found in (product, layer):
        assert float(((found - exact) / exact).abs().max()) < BFLOAT16 / 1000


@pytest.mark.parametrize("precision", ["highest", "high"])
def test_precision_that_was_set_before_is_kept(precision: str) -> None:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        with pytest.raises(KeyError), fast_products():
            raise KeyError
        assert torch.get_float32_matmul_precision() == precision
    finally:
        torch.set_float32_matmul_precision(before)
