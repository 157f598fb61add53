"""The feedback connections: from latent variables to an image."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["Decoder"]


class Decoder(nn.Module):
    """Linear layers with ReLU between them, of whose hidden units each class may switch off a share of its own.

    Which ones is drawn once, at random, and stays so.

    Source: van de Ven, Siegelmann & Tolias 2020, DOI 10.1038/s41467-020-17866-2, "gating based on internal context".

    Args:
        sizes: Of all layers, from the latent variables to the pixels.
        outputs: Number of classes K.
        gates: The share of hidden units that a class switches off, in [0, 1); 0 for none.
    """

    masks: Tensor

    def __init__(self, sizes: tuple[int, ...], outputs: int, gates: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
        self.hidden = list(sizes[1:-1])
        self.is_gated = gates > 0
        masks = (torch.rand(outputs, sum(self.hidden)) >= gates).float()
        self.register_buffer("masks", masks if self.is_gated else None)

    def forward(self, z: Tensor, targets: Tensor) -> Tensor:
        """Decodes.

        Args:
            z: (B, L) latent variables.
            targets: (B, K) how probable each class is; between classes, gates are open in part.

        Returns:
            (B, P) logits of pixels.
        """
        gates = torch.split(targets @ self.masks, self.hidden, dim=1) if self.is_gated else None
        for number, layer in enumerate(self.layers[:-1]):
            hidden = layer(z)
            z = (hidden if gates is None else hidden * gates[number]).relu()
        logits: Tensor = self.layers[-1](z)
        return logits
