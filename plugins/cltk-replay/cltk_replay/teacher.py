"""The frozen copy that replays earlier classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from cltk.interfaces import SOFT_ONLY, ConditionalGenerator, Examples, Labeller, Strategy, draw_pixels, freeze
from cltk_replay.settings import GeneratedReplay

__all__ = ["Labels", "Teacher"]

Labels = Literal["hard", "soft", "own", "none"]


class Teacher:
    """A strategy as it was at one moment; the original may be trained on.

    Args:
        strategy: Its generator draws the images, and its predictions label them.
        completed: Number of tasks learned so far.
        replay: How images are drawn and labelled.
    """

    def __init__(self, strategy: Strategy, completed: int, replay: GeneratedReplay) -> None:
        self._strategy = freeze(strategy)
        self._labeller = Labeller(strategy.info, completed, replay, strategy.device)
        self._draws_pixels = replay.images != "mean"

    @torch.no_grad()
    def draw(self, n: int | Tensor, rng: torch.Generator, labels: Labels) -> Examples:
        """Samples, labelled as asked.

        Args:
            n: How many; or the classes of which a conditional generator is to draw one each, (n,) int64.
            rng: Source of the images.
            labels: ``hard`` or ``soft`` ones of the strategy, the ``own`` ones of a conditional generator, or ``none``,
                which mean nothing.
        """
        generator = self._strategy.parts.generator
        if isinstance(n, Tensor):
            assert isinstance(generator, ConditionalGenerator)
            drawn = Examples(generator.sample_of(n, rng), n)
        elif labels == "own":
            assert isinstance(generator, ConditionalGenerator)
            drawn = generator.sample_labelled(n, rng)
        else:
            x = generator.sample(n, rng)
            drawn = Examples(x, torch.full((n,), SOFT_ONLY, device=x.device))
        if self._draws_pixels:
            drawn = replace(drawn, x=draw_pixels(drawn.x, rng))
        return self.label(drawn, labels)

    @torch.no_grad()
    def label(self, examples: Examples, labels: Labels) -> Examples:
        """The same images with labels of the strategy; as they were drawn where those are not asked for."""
        if labels == "own" or labels == "none":
            return examples
        return self._labeller.label(examples, self._strategy.predict(examples.x), labels)
