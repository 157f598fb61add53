"""A penalty on parameters that leave the values which earlier tasks need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

__all__ = ["QuadraticPenalty", "named"]


class QuadraticPenalty:
    """The sum of importance * (parameter - anchor)² over all parameters of a network; 0 at first.

    A parameter that is new, or has grown since, is free.

    Attributes:
        importance: By the name of the parameter, in its shape.
        anchor: Likewise.
    """

    def __init__(self) -> None:
        self.importance: dict[str, Tensor] = {}
        self.anchor: dict[str, Tensor] = {}

    def value(self, network: nn.Module) -> Tensor:
        """The penalty, a scalar."""
        terms = [(importance * offset.square()).sum() for _, importance, offset in self._held(network)]
        return torch.stack(terms).sum() if terms else torch.zeros(())

    def gradients(self, network: nn.Module) -> dict[str, Tensor]:
        """Its gradient, by the names of those parameters that are not free."""
        return {name: 2 * importance * offset.detach() for name, importance, offset in self._held(network)}

    def earlier_importance(self, name: str, parameter: Tensor) -> Tensor:
        """How important a parameter has been so far; 0 where it is free."""
        before = self.importance.get(name)
        return torch.zeros_like(parameter) if before is None or before.shape != parameter.shape else before

    def state_dict(self) -> dict[str, Tensor]:
        """Both, by dotted names."""
        importance = {f"importance.{name}": tensor for name, tensor in self.importance.items()}
        return importance | {f"anchor.{name}": tensor for name, tensor in self.anchor.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what ``state_dict`` gave, whatever else is in it."""
        self.importance, self.anchor = named(state, "importance"), named(state, "anchor")

    def _held(self, network: nn.Module) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Name, importance and way from the anchor of each parameter that is not free."""
        for name, parameter in network.named_parameters():
            if name in self.anchor and self.anchor[name].shape == parameter.shape:
                yield name, self.importance[name], parameter - self.anchor[name]


def named(state: Mapping[str, Tensor], kind: str) -> dict[str, Tensor]:
    """The tensors of a state whose names begin with ``kind`` and a dot, without that."""
    prefix = f"{kind}."
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
