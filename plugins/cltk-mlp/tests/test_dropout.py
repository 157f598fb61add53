"""Dropout: how much is dropped, and what is left of the rest."""

import pytest
import torch

from cltk_mlp.dropout import Dropout


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(256, 400), (3, 7), (1, 1), (0, 5)])
def test_the_rest_is_scaled_up(p: float, shape: tuple[int, int]) -> None:
    x = torch.rand(shape) + 1
    dropped = Dropout(p)(x)
    kept = dropped != 0
    assert dropped.shape == x.shape
    torch.testing.assert_close(dropped[kept], x[kept] / (1 - p), rtol=1e-4, atol=0)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_the_share_that_is_dropped(p: float) -> None:
    torch.manual_seed(0)
    share = float((Dropout(p)(torch.ones(1000, 1000)) == 0).float().mean())
    assert share == pytest.approx(p, abs=5 * (p * (1 - p) / 1e6) ** 0.5)


def test_units_are_dropped_independently() -> None:
    torch.manual_seed(0)
    dropped = Dropout(0.5)(torch.ones(100_000, 8)) - 1
    correlation = torch.corrcoef(dropped.T) - torch.eye(8)
    assert correlation.abs().max() < 0.02


def test_the_gradient_passes_where_nothing_was_dropped() -> None:
    x = torch.ones(50, 50, requires_grad=True)
    dropped = Dropout(0.3)(x)
    dropped.sum().backward()
    assert torch.equal(x.grad, dropped.detach())


def test_nothing_is_dropped_in_evaluation_or_with_probability_zero() -> None:
    x = torch.rand(20, 20)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)


def test_it_draws_from_the_global_generator() -> None:
    torch.manual_seed(1)
    first = Dropout(0.5)(torch.ones(9, 9))
    second = Dropout(0.5)(torch.ones(9, 9))
    torch.manual_seed(1)
    assert torch.equal(Dropout(0.5)(torch.ones(9, 9)), first)
    assert not torch.equal(first, second)
