"""Dropout whose random mask costs little."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["Dropout"]

LEVELS = 2**16
"""A unit is dropped where a random number of 16 bits is below its share of these."""


class Dropout(nn.Dropout):
    """PyTorch's dropout, with a mask from 16 random bits a unit on the CPU, where PyTorch spends 64.

    On a hidden layer of 400 units PyTorch's mask takes as long as the layer's own matrix product.

    Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html.

    Deviations: the probability is rounded to a multiple of 1/65,536.
    """

    def forward(self, x: Tensor) -> Tensor:
        """In training, drops units of ``x`` and scales up the others; draws from the global generator."""
        dropped = round(self.p * LEVELS)
        if not self.training or x.device.type != "cpu" or dropped in (0, LEVELS):
            return super().forward(x)
        bits = x.new_empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        draws = bits.view(torch.int16)[: x.numel()].view(x.shape)
        least = dropped - LEVELS // 2
        kept = draws.clamp(least - 1, least).sub_(least - 1)  # 0 or 1, not a boolean: those become floats one by one.
        return x * kept.to(x.dtype).mul_(LEVELS / (LEVELS - dropped))
