from __future__ import annotations

import torch

from cltk_closed_form.discriminant import Discriminant


def samples(n: int = 400, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Three classes under one covariance."""
    rng = torch.Generator().manual_seed(seed)
    y = torch.randint(3, (n,), generator=rng)
    mixing = torch.tensor([[1.0, 0.8], [0.0, 0.5]])
    centres = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    return torch.randn(n, 2, generator=rng) @ mixing + centres[y], y


def test_its_weights_are_those_of_the_formula() -> None:
    x, y = samples()
    discriminant = Discriminant(3, 2)
    discriminant.add(x, y)
    weights, offsets = discriminant.weights(shrinkage=0.1)
    means = torch.stack([x[y == label].mean(0) for label in range(3)])
    covariance = sum(torch.cov(x[y == label].T, correction=0) * (y == label).sum() for label in range(3)) / len(y)
    expected = torch.linalg.inv(0.9 * covariance + 0.1 * torch.eye(2)) @ means.T
    torch.testing.assert_close(weights, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(offsets, -0.5 * (means.T * expected).sum(0), rtol=1e-4, atol=1e-4)


def test_the_order_of_samples_makes_no_difference() -> None:
    x, y = samples()
    once, in_turn = Discriminant(3, 2), Discriminant(3, 2)
    once.add(x, y)
    for label in (2, 0, 1):
        in_turn.add(x[y == label], y[y == label])
    torch.testing.assert_close(once.weights(1e-4), in_turn.weights(1e-4), rtol=1e-4, atol=1e-4)


def test_a_class_that_was_never_met_is_never_chosen() -> None:
    x, y = samples()
    discriminant = Discriminant(4, 2)
    discriminant.add(x, y)
    weights, offsets = discriminant.weights(1e-4)
    assert (x @ weights + offsets).argmax(1).max() < 3


def test_it_keeps_one_triangle_of_the_products() -> None:
    assert Discriminant(10, 100).state_dict()["products"].shape == (5050,)
