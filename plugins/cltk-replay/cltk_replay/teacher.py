"""The frozen copy that replays earlier classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from cltk.interfaces import SOFT_ONLY, ConditionalGenerator, Examples, Strategy, freeze

__all__ = ["Labels", "Teacher", "without_soft_labels"]

Labels = Literal["hard", "soft", "own", "none"]


class Teacher:
    """A strategy as it was at one moment; the original may be trained on.

    Args:
        strategy: Its generator draws the images, and its predictions label them.
        seen: The classes learned so far, among which labels are chosen.
        temperature: Of the softmax behind soft labels.
    """

    def __init__(self, strategy: Strategy, seen: tuple[int, ...], temperature: float) -> None:
        self._strategy = freeze(strategy)
        unseen = [label for label in range(strategy.info.outputs) if label not in seen]
        self._unseen = torch.tensor(unseen, dtype=torch.int64, device=strategy.device)
        self._temperature = temperature

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
        return self.label(drawn, labels)

    @torch.no_grad()
    def label(self, examples: Examples, labels: Labels) -> Examples:
        """The same images with labels of the strategy; as they were drawn where those are not asked for."""
        if labels in ("own", "none"):
            return examples
        logits = self._strategy.predict(examples.x).float().index_fill(1, self._unseen, float("-inf"))
        if labels == "hard":
            return replace(examples, y=logits.argmax(1))
        return replace(examples, y=torch.full_like(examples.y, SOFT_ONLY), soft=(logits / self._temperature).softmax(1))


def without_soft_labels(examples: Examples, outputs: int) -> Examples:
    """Samples with hard labels, in the form that joins those with soft ones."""
    return replace(examples, soft=torch.zeros((len(examples), outputs), device=examples.x.device))
