"""The two terms of the evidence lower bound, in nats per sample."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["bernoulli_nll", "gaussian_kl"]


class _BernoulliNLL(torch.autograd.Function):
    """Written out because its gradient, sigmoid(logits) - x, takes one pass over memory where autograd takes four."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, x: Tensor) -> Tensor:
        """Sums softplus(logits) - x * logits over the pixels."""
        ctx.save_for_backward(logits, x)
        return F.softplus(logits).sum(1) - torch.einsum("bp,bp->b", logits, x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient by the logits; the images need none."""
        logits, x = ctx.saved_tensors
        return logits.sigmoid().sub_(x).mul_(gradients[0][:, None]), None


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """The negative log-likelihood of pixels under independent Bernoulli distributions.

    Args:
        logits: (B, P), any floating type.
        x: (B, P) in [0, 1]; no gradient flows to it.

    Returns:
        (B,) float32 nats per sample.
    """
    nll: Tensor = _BernoulliNLL.apply(logits.float(), x)  # type: ignore[no-untyped-call]
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
