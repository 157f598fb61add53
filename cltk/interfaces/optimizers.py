"""The optimizer of a budget, for steps of an author's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from cltk.interfaces.training import Training

__all__ = ["make_optimizer", "penalised"]


def make_optimizer(parameters: Iterable[nn.Parameter], training: Training) -> Optimizer:
    """PyTorch's optimizer that a budget describes, for a ``Step``, which also has the learning rate take its course.

    As in other phases, weight decay leaves out every entry whose gradient is exactly 0 in a step: the heads of other
    tasks stay as they are.

    Args:
        parameters: What it changes.
        training: The budget.
    """
    if training.optimizer == "sgd":
        optimizer: Optimizer = SGD(parameters, training.lr, training.momentum)
    else:
        optimizer = Adam(parameters, training.lr)
    if training.weight_decay:
        optimizer.register_step_pre_hook(_Penalty(training.weight_decay))
    return optimizer


def penalised(parameter: Tensor, gradient: Tensor, weight_decay: float) -> Tensor:
    """The gradient with that of an L2 penalty, which is left out where the loss has none."""
    # The parameter where the gradient is not 0: a comparison and a product would take three passes over memory.
    penalty = torch.ops.aten.hardshrink_backward(parameter, gradient, 0.0)
    return torch.add(gradient, penalty, alpha=weight_decay, out=penalty)


class _Penalty:
    """Adds the gradient of an L2 penalty to that of the loss, before each step."""

    def __init__(self, weight_decay: float) -> None:
        self._weight_decay = weight_decay

    @torch.no_grad()
    def __call__(self, optimizer: Optimizer, arguments: Any, options: Any) -> None:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = penalised(parameter, parameter.grad, self._weight_decay)
