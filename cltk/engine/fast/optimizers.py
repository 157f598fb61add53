"""Adam and SGD without PyTorch's optimizer classes around them.

Those import PyTorch's compiler when the first one is made, two seconds that a short run notices, and spend more time in
Python on a step of a small network than the step itself takes. The arithmetic is PyTorch's own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from cltk.interfaces import Training
from cltk.interfaces.optimizers import penalised

__all__ = ["Adam", "Momentum", "Optimizer", "fused_optimizer"]


class Optimizer(ABC):
    """Changes parameters by their gradients.

    Deviations: the penalty leaves out every entry whose gradient is exactly 0 in a step. A head that takes no part in
    the loss stays bit for bit as it is, where PyTorch's Adam, which divides a gradient by its own size, would move it
    by the learning rate. The weights of pixels that are black in a whole batch are spared, too.

    Args:
        parameters: What to change; those without a gradient in a step are left alone in it.
        weight_decay: L2 penalty.

    Attributes:
        heads: Number of output units, where the next step forgets what is remembered of those that it does not train.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], weight_decay: float) -> None:
        self._parameters = list(parameters)
        self._weight_decay = weight_decay
        self._state = [self._initial(parameter) for parameter in self._parameters]
        self.heads: int | None = None

    @torch.no_grad()
    def step(self, lr: float | Tensor) -> None:
        """One step, with this learning rate."""
        used = [
            (parameter, parameter.grad, *state)
            for parameter, state in zip(self._parameters, self._state, strict=True)
            if parameter.grad is not None
        ]
        if self.heads:
            _forget_idle(used, self.heads)
            self.heads = None
        if used:
            parameters, gradients, *state = (list(column) for column in zip(*used, strict=True))
            if self._weight_decay:
                pairs = zip(parameters, gradients, strict=True)
                gradients = [penalised(*pair, self._weight_decay) for pair in pairs]
            self._change(parameters, gradients, *state, lr=lr)

    def zero_grad(self) -> None:
        """Drops all gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, Tensor]:
        """The moments of each parameter."""
        return {f"{i}.{j}": tensor for i, state in enumerate(self._state) for j, tensor in enumerate(state)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave.

        Raises:
            ValueError: It gave that for parameters of other shapes.
        """
        own = self.state_dict()
        if any(name not in state or state[name].shape != tensor.shape for name, tensor in own.items()):
            raise ValueError("its parameters have other shapes")
        for name, tensor in own.items():
            tensor.copy_(state[name])
        self.heads = None

    def take_over(self, state: Mapping[str, Tensor], heads: int | None) -> None:
        """Begins with what the optimizer of an earlier task remembered.

        Args:
            state: What ``state_dict`` gave there.
            heads: Number of output units, where those that the first step does not train are to stay as they are: what
                is remembered of them is forgotten, as it would go on moving them.

        Raises:
            ValueError: It gave that for parameters of other shapes.
        """
        self.load_state_dict(state)
        self.heads = heads

    @abstractmethod
    def _initial(self, parameter: nn.Parameter) -> tuple[Tensor, ...]:
        """What is remembered of one parameter."""

    @abstractmethod
    def _change(self, *columns: list[Tensor], lr: float | Tensor) -> None:
        """Changes parameters, given them, their gradients and what is remembered of them, a list each."""


def _forget_idle(used: Iterable[tuple[Tensor, ...]], heads: int) -> None:
    """Forgets what is remembered of output units without a gradient, given parameters, gradients and their state."""
    for parameter, gradient, *state in used:
        if parameter.ndim and len(parameter) == heads:
            idle = (gradient.reshape(heads, -1) == 0).all(1)
            for remembered in state:
                if remembered.ndim:
                    remembered[idle] = 0.0


class Adam(Optimizer):
    """Adam with betas 0.9 and 0.999.

    Source: Kingma & Ba 2015, arXiv 1412.6980.
    """

    def _initial(self, parameter: nn.Parameter) -> tuple[Tensor, ...]:
        return torch.zeros_like(parameter), torch.zeros_like(parameter), torch.zeros((), device=parameter.device)

    def _change(self, *columns: list[Tensor], lr: float | Tensor) -> None:
        parameters, gradients, means, squares, steps = columns
        adam(
            parameters,
            gradients,
            means,
            squares,
            [],
            steps,
            fused=True,
            amsgrad=False,
            beta1=0.9,
            beta2=0.999,
            lr=lr,
            weight_decay=0.0,
            eps=1e-8,
            maximize=False,
        )


class Momentum(Optimizer):
    """Stochastic gradient descent with momentum.

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", in PyTorch's
        form, in which the learning rate multiplies the accumulated gradient.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], weight_decay: float, momentum: float = 0.9) -> None:
        super().__init__(parameters, weight_decay)
        self._momentum = momentum

    def _initial(self, parameter: nn.Parameter) -> tuple[Tensor, ...]:
        return (torch.zeros_like(parameter),)

    def _change(self, *columns: list[Tensor], lr: float | Tensor) -> None:
        parameters, gradients, averages = columns
        sgd(
            parameters,
            gradients,
            [*averages],
            fused=True,
            weight_decay=0.0,
            momentum=self._momentum,
            lr=lr,
            dampening=0.0,
            nesterov=False,
            maximize=False,
        )


def fused_optimizer(parameters: Iterable[nn.Parameter], training: Training) -> Optimizer:
    """A fresh optimizer over parameters."""
    if training.optimizer == "sgd":
        return Momentum(parameters, training.weight_decay, training.momentum)
    return Adam(parameters, training.weight_decay)
