"""A mixture of Gaussians over codes."""

from __future__ import annotations

import pytest
import torch

from cltk_vae.prior import Prior


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def two_clusters(n: int = 2000) -> torch.Tensor:
    """Codes around (-3, 0) and (3, 0), a quarter and three quarters of them, long along the diagonal."""
    noise = torch.randn(n, 2, generator=rng()) @ torch.tensor([[0.5, 0.4], [0.0, 0.1]])
    return noise + torch.where(torch.arange(n)[:, None] % 4 == 0, -3.0, 3.0) * torch.tensor([1.0, 0.0])


def test_samples_are_distributed_as_the_codes() -> None:
    codes, prior = two_clusters(), Prior(2, 2)
    prior.fit(codes, rng())
    drawn = prior.sample(20_000, rng(1))
    for side in (-1, 1):
        ours, theirs = drawn[drawn[:, 0] * side > 0], codes[codes[:, 0] * side > 0]
        assert len(ours) / len(drawn) == pytest.approx(len(theirs) / len(codes), abs=0.02)
        torch.testing.assert_close(ours.mean(0), theirs.mean(0), atol=0.05, rtol=0.0)
        torch.testing.assert_close(torch.cov(ours.T), torch.cov(theirs.T), atol=0.03, rtol=0.0)


def test_it_is_the_standard_normal_until_it_is_fitted() -> None:
    for components in (0, 3):
        drawn = Prior(components, 2).sample(20_000, rng())
        torch.testing.assert_close(torch.cov(drawn.T), torch.eye(2), atol=0.05, rtol=0.0)


def test_without_gaussians_a_fit_changes_nothing_but_that_it_was() -> None:
    prior = Prior(0, 2)
    before = prior.sample(5, rng())
    prior.fit(two_clusters(), rng())
    assert bool(prior.fitted)
    assert torch.equal(before, prior.sample(5, rng()))


def test_fewer_codes_than_gaussians_are_enough() -> None:
    prior = Prior(5, 2)
    prior.fit(torch.tensor([[0.0, 1.0], [2.0, 3.0]]), rng())
    assert float(prior.share.sum()) == pytest.approx(1)
    assert bool(prior.sample(100, rng()).isfinite().all())
    assert prior.sample(0, rng()).shape == (0, 2)


def test_the_same_stream_fits_the_same() -> None:
    first, again = Prior(3, 2), Prior(3, 2)
    first.fit(two_clusters(), rng())
    again.fit(two_clusters(), rng())
    assert torch.equal(first.mean, again.mean)
