"""One step of training: of gradient descent, or of an author's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from cltk.engine.encoding import decode, encode
from cltk.engine.fast.optimizers import fused_optimizer
from cltk.engine.state import above, below
from cltk.errors import PluginError
from cltk.interfaces import Examples, Step, Train
from cltk.machine import Precision

__all__ = ["GradientStep", "OwnStep", "TrainingStep"]


class TrainingStep(ABC):
    """From a batch to its loss, a scalar; on the way the parameters change.

    Args:
        phase: What is trained.

    Attributes:
        rng: What the loss draws from; to be set at the beginning of an epoch.
        is_regular: Whether every step takes the same operations for a sample.
    """

    is_regular = True

    def __init__(self, phase: Train | Step) -> None:
        self.rng = torch.Generator(phase.device)
        self._parameters = [parameter for parameter in phase.module.parameters() if parameter.requires_grad]

    @abstractmethod
    def __call__(self, batch: Examples) -> Tensor:
        """Takes the step."""

    @abstractmethod
    def set_lr(self, lr: float) -> None:
        """Sets the learning rate of the steps to come."""

    @abstractmethod
    def state_dict(self) -> dict[str, Tensor]:
        """What the optimizers remember."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave."""

    def take_over(self, state: Mapping[str, Tensor], heads: int | None) -> None:
        """Begins with what ``state_dict`` gave at the end of an earlier task.

        Args:
            state: That.
            heads: Number of output units, where those that are not trained any more are to stay as they are; the
                optimizers of a step of an author's own are the author's affair.
        """
        self.load_state_dict(state)

    def gradient_norm(self) -> Tensor:
        """The L2 norm of the whole gradient that the last step left, as a scalar on its device."""
        return nn.utils.get_total_norm([p.grad for p in self._parameters if p.grad is not None])


class GradientStep(TrainingStep):
    """Gradient descent on the weighted mean of a loss.

    Args:
        phase: What is trained.
        precision: Of the loss and its gradient.
        captured: Whether it becomes part of a CUDA graph, in which a number would stay what it was at the capture.

    Attributes:
        optimizer: What follows the gradients.
    """

    def __init__(self, phase: Train, precision: Precision, *, captured: bool) -> None:
        super().__init__(phase)
        if not self._parameters:
            network = type(phase.module).__name__
            raise PluginError(
                f"The phase '{phase.name}' trains a {network} of which no parameter asks for a gradient.",
                "Yield a Fit for what is fitted otherwise, and a Step for steps of your own.",
            )
        self._phase = phase
        self.optimizer = fused_optimizer(self._parameters, phase.training)
        self._lr: float | Tensor = torch.zeros((), device=phase.device) if captured else 0.0
        self._autocast = torch.autocast(phase.device.type, torch.bfloat16, enabled=precision == "bf16")

    def __call__(self, batch: Examples) -> Tensor:
        """Sets the gradients anew, and has the optimizer follow them."""
        with self._autocast:
            loss = batch.mean(self._phase.loss(batch, self.rng))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(self._lr)
        return loss.detach()

    def set_lr(self, lr: float) -> None:
        """Sets the learning rate of the steps to come."""
        if isinstance(self._lr, Tensor):
            self._lr.fill_(lr)
        else:
            self._lr = lr

    def state_dict(self) -> dict[str, Tensor]:
        """What the optimizer remembers."""
        return self.optimizer.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave."""
        self.optimizer.load_state_dict(state)

    def take_over(self, state: Mapping[str, Tensor], heads: int | None) -> None:
        """Has the optimizer begin with what that of an earlier task remembered."""
        self.optimizer.take_over(state, heads)


class OwnStep(TrainingStep):
    """A step that its author wrote, optimizers included.

    Args:
        phase: What is trained.
    """

    is_regular = False

    def __init__(self, phase: Step) -> None:
        super().__init__(phase)
        self._phase = phase
        scheduled = phase.training.lr_schedule != "constant"  # Else they may have schedulers of their author's.
        optimizers = [each for each in phase.optimizers.values() if scheduled and isinstance(each, Optimizer)]
        self._first_lrs = [(each, [group["lr"] for group in each.param_groups]) for each in optimizers]

    def __call__(self, batch: Examples) -> Tensor:
        """Has the author's function take the step."""
        return torch.as_tensor(self._phase.step(batch, self.rng), device=self._phase.device).detach().float().mean()

    def set_lr(self, lr: float) -> None:
        """Has the learning rates of the author's optimizers, which may differ, fall as the budget's does."""
        share = lr / self._phase.training.lr
        for optimizer, first in self._first_lrs:
            for group, first_lr in zip(optimizer.param_groups, first, strict=True):
                group["lr"] = first_lr * share

    def state_dict(self) -> dict[str, Tensor]:
        """What all its optimizers remember."""
        optimizers = self._phase.optimizers.items()
        encoded = [above(name, encode(optimizer.state_dict())) for name, optimizer in optimizers]
        return {name: tensor for state in encoded for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave."""
        for name, optimizer in self._phase.optimizers.items():
            optimizer.load_state_dict(decode(below(name, state)))
