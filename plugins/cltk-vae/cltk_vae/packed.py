"""Networks that are kept in fewer bits."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Bits", "pack"]

Bits = Literal[32, 16, 8]
"""Those of a weight."""

_LARGEST = 127


class PackedLinear(nn.Module):
    """A linear layer whose weights are kept in 16 or 8 bits; it is not trained any more.

    In 16 bits a weight has an error of at most 1/2,048 of itself, as a float16 of middling size; in 8 bits one of at
    most 1/254 of the largest weight of its output unit. The bias stays in 32 bits.

    Source: Krishnamoorthi 2018, arXiv 1806.08342, for symmetric weights with a scale for each unit.

    Args:
        outputs: Number of output units.
        inputs: Number of input units.
        bits: Those of a weight.
    """

    weight: Tensor
    bias: Tensor
    scale: Tensor | None

    def __init__(self, outputs: int, inputs: int, bits: Literal[16, 8]) -> None:
        super().__init__()
        dtype = torch.float16 if bits == 16 else torch.int8
        self.register_buffer("weight", torch.zeros(outputs, inputs, dtype=dtype))
        self.register_buffer("bias", torch.zeros(outputs))
        self.register_buffer("scale", None if bits == 16 else torch.ones(outputs, 1))

    @torch.no_grad()
    def take(self, layer: nn.Linear) -> None:
        """Keeps the weights of a layer, rounded."""
        weight = layer.weight
        if self.scale is not None:
            self.scale.copy_(weight.abs().amax(1, keepdim=True).clamp_min(1e-12) / _LARGEST)
            weight = (weight / self.scale).round()
        self.weight.copy_(weight)
        self.bias.copy_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output for (B, inputs), (B, outputs)."""
        weight = self.weight.float()
        return F.linear(x, weight if self.scale is None else weight * self.scale, self.bias)


def pack(network: nn.Sequential, bits: Bits) -> nn.Sequential:
    """The same layers with linear ones kept in as many bits; in 32 bits the network itself, frozen."""
    if bits == 32:
        return network.requires_grad_(False)
    layers: list[nn.Module] = []
    for layer in network:
        if isinstance(layer, nn.Linear):
            packed = PackedLinear(layer.out_features, layer.in_features, bits).to(layer.weight.device)
            packed.take(layer)
            layers.append(packed)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)
