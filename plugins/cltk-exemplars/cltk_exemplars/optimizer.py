"""PyTorch's optimizers for a step of one's own, as a budget describes them."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from cltk.interfaces import Training

__all__ = ["make_optimizer"]


def make_optimizer(module: nn.Module, training: Training, steps: int) -> tuple[Optimizer, LambdaLR]:
    """An optimizer of all parameters, and the course of its learning rate.

    Args:
        module: The network.
        training: Which optimizer, and its settings.
        steps: Number of batches in an epoch.
    """
    decay, total = training.weight_decay, training.total_steps(steps)
    optimizer: Optimizer
    if training.optimizer == "sgd":
        optimizer = SGD(module.parameters(), training.lr, training.momentum, weight_decay=decay)
    else:
        optimizer = Adam(module.parameters(), training.lr, weight_decay=decay)
    return optimizer, LambdaLR(optimizer, lambda step: training.lr_at(step / total) / training.lr)
