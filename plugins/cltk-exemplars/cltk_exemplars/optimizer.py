"""PyTorch's optimizers for a step of one's own, as a budget describes them."""

from __future__ import annotations

from torch import nn
from torch.optim import SGD, Adam, Optimizer

from cltk.interfaces import Training

__all__ = ["make_optimizer"]


def make_optimizer(module: nn.Module, training: Training) -> Optimizer:
    """An optimizer of all parameters of a network, with the learning rate that a phase begins with."""
    decay = training.weight_decay
    if training.optimizer == "sgd":
        return SGD(module.parameters(), training.lr, training.momentum, weight_decay=decay)
    return Adam(module.parameters(), training.lr, weight_decay=decay)
