"""Both terms of the bound against PyTorch's distributions, and the written-out gradient against autograd's."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Bernoulli, Normal, kl_divergence

from cltk_vae.elbo import bernoulli_nll, gaussian_kl


def reference(logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 80.0])
def test_the_likelihood_is_bernoullis(scale: float) -> None:
    rng = torch.Generator().manual_seed(0)
    logits = scale * torch.randn(7, 50, generator=rng)
    x = torch.rand(7, 50, generator=rng)
    expected = -(
        x * Bernoulli(logits=logits).log_prob(torch.ones(()))
        + (1 - x) * Bernoulli(logits=-logits).log_prob(torch.ones(()))
    )
    torch.testing.assert_close(bernoulli_nll(logits, x), expected.sum(1), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("pixels", [1, 64, 100, 101, 784, 3072])
@pytest.mark.parametrize("scale", [0.0, 1.0, 80.0])
def test_any_number_of_pixels(pixels: int, scale: float) -> None:
    rng = torch.Generator().manual_seed(0)
    logits = scale * torch.randn(5, pixels, generator=rng)
    x = torch.rand(5, pixels, generator=rng)
    expected = reference(logits.double(), x.double()).float()
    torch.testing.assert_close(bernoulli_nll(logits, x), expected, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(bernoulli_nll(logits.T.contiguous().T, x), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0, 80.0, 1e4])
def test_its_gradient_is_that_of_autograd(scale: float) -> None:
    rng = torch.Generator().manual_seed(0)
    x = torch.rand(7, 50, generator=rng)
    upstream = torch.rand(7, generator=rng)
    own, other = (
        (scale * torch.randn(7, 50, generator=torch.Generator().manual_seed(1))).requires_grad_() for _ in "ab"
    )
    (bernoulli_nll(own, x) * upstream).sum().backward()
    (reference(other, x) * upstream).sum().backward()
    torch.testing.assert_close(own.grad, other.grad, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("logit", [-1e30, -1e4, -104.0, -90.0, 0.0, 90.0, 104.0, 1e4, 1e30])
@pytest.mark.parametrize("x", [0.0, 0.5, 1.0])
def test_extreme_logits_stay_finite(logit: float, x: float) -> None:
    logits = torch.full((1, 1), logit, requires_grad=True)
    pixels = torch.full((1, 1), x)
    nll = bernoulli_nll(logits, pixels)
    torch.testing.assert_close(nll, reference(logits.detach(), pixels), rtol=1e-5, atol=1e-6)
    nll.sum().backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


@given(st.floats(-20, 20, width=32), st.floats(0, 1, width=32))
def test_the_gradient_is_the_slope(logit: float, x: float) -> None:
    logits = torch.full((1, 1), logit, requires_grad=True)
    bernoulli_nll(logits, torch.full((1, 1), x)).sum().backward()
    assert logits.grad is not None
    assert logits.grad.item() == pytest.approx(torch.sigmoid(torch.tensor(logit)).item() - x, abs=1e-6)


def test_neither_input_is_changed() -> None:
    logits, x = torch.randn(3, 4), torch.rand(3, 4)
    copies = logits.clone(), x.clone()
    leaf = logits.requires_grad_()
    bernoulli_nll(leaf, x).sum().backward()
    assert torch.equal(logits, copies[0])
    assert torch.equal(x, copies[1])


def test_low_precision_logits_give_a_full_precision_loss() -> None:
    logits = torch.randn(3, 4, dtype=torch.bfloat16, requires_grad=True)
    nll = bernoulli_nll(logits, torch.rand(3, 4))
    assert nll.dtype == torch.float32
    nll.sum().backward()
    assert logits.grad is not None
    assert logits.grad.dtype == torch.bfloat16


@pytest.mark.parametrize("scale", [0.0, 1.0, 5.0])
def test_the_divergence_is_that_of_normal_distributions(scale: float) -> None:
    rng = torch.Generator().manual_seed(0)
    mean, log_variance = (scale * torch.randn(6, 9, generator=rng) for _ in "ab")
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(gaussian_kl(mean, log_variance), expected, rtol=1e-4, atol=1e-5)
    assert (gaussian_kl(mean, log_variance) >= 0).all()
