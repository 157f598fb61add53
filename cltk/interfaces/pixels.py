"""Images of black and white pixels, drawn from grey ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from cltk.interfaces.batches import Batches
from cltk.interfaces.examples import Examples
from cltk.interfaces.streams import Streams

__all__ = ["Drawn", "draw_pixels"]

_LEVELS = 2**16


def draw_pixels(x: Tensor, rng: torch.Generator) -> Tensor:
    """Draws each pixel from a Bernoulli distribution: 1 with a probability of its grey value, else 0.

    Source: Salakhutdinov & Murray 2008, DOI 10.1145/1390156.1390266, who draw training images anew each time.

    Deviations: the probability is rounded to a multiple of 1/65,536 and is no higher than 1 - 1/65,536: 16 random bits
    a pixel take half the time of PyTorch's.

    Args:
        x: Float in [0, 1], such as images or the mean images of a generator.
        rng: Source of the pixels, on the device of ``x``.

    Returns:
        0 and 1, with the shape and type of ``x``.
    """
    bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(-(2**63), None, generator=rng)
    draws = bits.view(torch.int16)[: x.numel()].view(x.shape)
    threshold = (x * (_LEVELS - 1)).round_().sub_(_LEVELS // 2).to(torch.int16)
    return draws.lt_(threshold).to(x.dtype)  # In place, as 16-bit numbers: booleans become floats one by one.


class Drawn(Batches):
    """The same batches with pixels drawn anew each time, by the stream ``pixels``."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    @property
    def samples(self) -> int:
        """Number of samples in an epoch."""
        return self.batches.samples

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        return self.batches.steps

    def epoch(self, streams: Streams) -> Iterator[Examples]:
        """Draws the pixels of each batch."""
        rng = streams.generator("pixels")
        for batch in self.batches.epoch(streams):
            yield replace(batch, x=draw_pixels(batch.x, rng))
