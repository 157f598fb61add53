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
    def forward(logits: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Sums max(l, 0) - x * l - log sigmoid(|l|) over the pixels; gives that gradient, too.

        The first and the last term are softplus(l), whose CPU kernel is the slowest of all; sigmoid(|l|), the larger of
        p and 1 - p, shares p with the gradient.
        """
        p = logits.sigmoid()
        log_sigmoid = _log_product((1 - p).maximum(p))
        return logits.clamp_min(0).addcmul_(logits, x, value=-1).sum(1).sub_(log_sigmoid), p.sub_(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: tuple[Tensor, Tensor]) -> None:
        """Keeps the gradient."""
        ctx.mark_non_differentiable(output[1])
        ctx.save_for_backward(output[1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient by the logits; the images need none."""
        (residual,) = ctx.saved_tensors
        return residual * gradients[0][:, None], None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *tensors: Tensor
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """For several networks at once: their samples in one batch."""
        runs = info.batch_size
        pairs = zip(tensors, in_dims, strict=True)
        stacks = [x.expand(runs, *x.shape) if dim is None else x.movedim(dim, 0) for x, dim in pairs]
        results = _BernoulliNLL.apply(*(stack.flatten(0, 1) for stack in stacks))
        return tuple(result.unflatten(0, (runs, -1)) for result in results), (0, 0)


def bernoulli_nll(logits: Tensor, x: Tensor) -> Tensor:
    """The negative log-likelihood of pixels under independent Bernoulli distributions.

    Args:
        logits: (B, P), any floating type.
        x: (B, P) in [0, 1]; no gradient flows to it.

    Returns:
        (B,) float32 nats per sample.
    """
    nll: Tensor
    nll, _ = _BernoulliNLL.apply(logits.float(), x)
    return nll


def _log_product(factors: Tensor) -> Tensor:
    """The logarithm of each row's product, (B, P) in [0.5, 1] to (B,): one logarithm for up to a hundred factors.

    The product of as many is 2^-100 at least, far from where float32 loses digits.
    """
    rows, pixels = factors.shape
    together = next(n for n in range(100, 0, -1) if pixels % n == 0)
    return factors.view(rows, pixels // together, together).prod(2).log_().sum(1)


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """The divergence of diagonal Gaussians from the standard normal (arXiv 1312.6114, appendix B).

    Args:
        mean: (B, L).
        log_variance: (B, L).

    Returns:
        (B,) nats per sample.
    """
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
