"""The two terms of the evidence lower bound, in nats per sample."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["bernoulli_nll", "gaussian_kl"]


class _BernoulliNLL(torch.autograd.Function):
    """Written out because its gradient, sigmoid(logits) - x, takes one pass over memory where autograd takes four."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, x: Tensor) -> Tensor:
        """Sums max(l, 0) - log sigmoid(|l|) - x * l over the pixels.

        The first two terms are softplus(l), without the logarithm of 1 + exp(-|l|), whose CPU kernel is ten times as
        slow as that of the logarithm; and sigmoid(|l|), the larger of p and 1 - p, shares p with the gradient.
        """
        p = logits.sigmoid()
        log_sigmoid = (1 - p).maximum(p).log_()
        ctx.save_for_backward(p.sub_(x))
        return logits.clamp_min(0).sub_(log_sigmoid).addcmul_(logits, x, value=-1).sum(1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient by the logits; the images need none."""
        (residual,) = ctx.saved_tensors
        return residual * gradients[0][:, None], None


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """The negative log-likelihood of pixels under independent Bernoulli distributions.

    Args:
        logits: (B, P), any floating type.
        x: (B, P) in [0, 1]; no gradient flows to it.

    Returns:
        (B,) float32 nats per sample.
    """
    nll: Tensor = _BernoulliNLL.apply(logits.float(), x)
    return nll


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """The divergence of diagonal Gaussians from the standard normal (arXiv 1312.6114, appendix B).

    Args:
        mean: (B, L).
        log_variance: (B, L).

    Returns:
        (B,) nats per sample.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
