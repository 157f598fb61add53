"""The diagonal of the Fisher information of a classifier."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from cltk.interfaces import Examples

__all__ = ["diagonal_fisher"]


def diagonal_fisher(
    network: nn.Module, log_probabilities: Callable[[Examples], Tensor], examples: Examples
) -> dict[str, Tensor]:
    """The mean over samples of E_y[(d log p(y | x) / d parameter)²], with the expectation over the network's own p.

    Source: Kirkpatrick et al. 2017, arXiv 1612.00796; why the labels are the network's own and the expectation is
        taken over all of them: Kunstner, Balles & Hennig 2019, arXiv 1905.12558.

    Args:
        network: Whose parameters are meant.
        log_probabilities: From one sample to those of its K classes, (K,) nats.
        examples: The samples.

    Returns:
        By the name of each parameter that is trained, in its shape.
    """
    parameters = {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}
    information = {name: torch.zeros_like(parameter) for name, parameter in parameters.items()}
    for index in range(len(examples)):
        scores = log_probabilities(examples[index : index + 1])
        # A gradient for each class in one pass, (K, *shape).
        gradients = torch.autograd.grad(
            scores,
            list(parameters.values()),
            torch.eye(len(scores), device=scores.device),
            is_grads_batched=True,
            materialize_grads=True,
        )
        shares = scores.detach().exp()
        for total, gradient in zip(information.values(), gradients, strict=True):
            total += torch.tensordot(shares, gradient.square(), dims=1)
    return {name: total / len(examples) for name, total in information.items()}
