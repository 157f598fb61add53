"""The two priors against PyTorch's own distributions."""

from __future__ import annotations

import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from cltk_feedback.decoder import Decoder
from cltk_feedback.priors import ClassPrior, StandardPrior

RNG = torch.Generator().manual_seed(0)
Z, MEAN, LOG_VARIANCE = torch.randn((3, 5, 4), generator=RNG)
POSTERIOR = Normal(MEAN, (0.5 * LOG_VARIANCE).exp())


def test_the_divergence_from_the_standard_prior_is_exact() -> None:
    expected = kl_divergence(POSTERIOR, Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(StandardPrior(4).divergence(Z, MEAN, LOG_VARIANCE, torch.empty(0)), expected)


def test_the_divergence_from_the_prior_of_a_mixture_of_classes_is_that_of_the_sample() -> None:
    prior, targets = ClassPrior(3, 4), torch.rand((5, 3), generator=RNG).softmax(1)
    modes = Independent(Normal(prior.means, (0.5 * prior.log_variances).exp()), 1)
    expected = [
        POSTERIOR.log_prob(Z).sum(1)[i] - MixtureSameFamily(Categorical(targets[i]), modes).log_prob(Z[i])
        for i in range(5)
    ]
    torch.testing.assert_close(prior.divergence(Z, MEAN, LOG_VARIANCE, targets), torch.stack(expected))


def test_a_certain_class_has_its_own_prior_and_trains_no_other() -> None:
    prior = ClassPrior(3, 4)
    prior.divergence(Z, MEAN, LOG_VARIANCE, torch.eye(3)[[1] * 5]).sum().backward()
    assert prior.means.grad is not None
    assert prior.means.grad[1].abs().min() > 0
    assert not prior.means.grad[[0, 2]].any()


def test_samples_are_of_the_class_asked_for() -> None:
    prior = ClassPrior(3, 4)
    with torch.no_grad():
        drawn = prior.sample(torch.full((20_000,), 2), torch.Generator().manual_seed(0))
        torch.testing.assert_close(drawn.mean(0), prior.means[2], atol=0.1, rtol=0)
        torch.testing.assert_close(drawn.var(0).log(), prior.log_variances[2], atol=0.1, rtol=0)


def test_gates_of_a_class_leave_a_share_of_hidden_units_on() -> None:
    decoder = Decoder((4, 300, 300, 6), 3, 0.8)
    torch.testing.assert_close(decoder.masks.mean(1), torch.full((3,), 0.2), atol=0.06, rtol=0)
    targets = torch.eye(3)[[1]]
    decoder(torch.randn((1, 4), generator=RNG), targets).sum().backward()
    gradient = decoder.layers[1].weight.grad
    assert isinstance(gradient, torch.Tensor)
    assert not gradient[decoder.masks[1, 300:] == 0].any()
    assert not gradient[:, decoder.masks[1, :300] == 0].any()
