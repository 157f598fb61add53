"""The frozen copies that replay earlier classes."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Literal, TypeVar

import torch
from torch import nn

from cltk.interfaces import SOFT_ONLY, Classifier, ConditionalGenerator, Examples, Generator

__all__ = ["Labels", "Teacher", "without_soft_labels"]

Labels = Literal["hard", "soft", "own", "none"]
M = TypeVar("M", bound=nn.Module)


class Teacher:
    """A generator and a classifier as they were at one moment; the originals may be trained on.

    Args:
        generator: Draws the images.
        classifier: Labels them.
        seen: The classes learned so far, among which labels are chosen.
        outputs: Number of output units K.
        temperature: Of the softmax behind soft labels.
        device: Where both are.
    """

    def __init__(
        self,
        generator: Generator,
        classifier: Classifier,
        seen: tuple[int, ...],
        outputs: int,
        temperature: float,
        device: torch.device,
    ) -> None:
        self._generator = _frozen(generator)
        self._classifier = _frozen(classifier)
        unseen = [label for label in range(outputs) if label not in seen]
        self._unseen = torch.tensor(unseen, dtype=torch.int64, device=device)
        self._temperature = temperature

    @torch.no_grad()
    def draw(self, n: int, rng: torch.Generator, labels: Labels) -> Examples:
        """``n`` samples, labelled as asked.

        Args:
            n: How many.
            rng: Source of the images.
            labels: ``hard`` or ``soft`` ones of the classifier, the ``own`` ones of a conditional generator, or
                ``none``, which mean nothing.
        """
        if labels == "own":
            assert isinstance(self._generator, ConditionalGenerator)
            return self._generator.sample_labelled(n, rng)
        x = self._generator.sample(n, rng)
        return self.label(Examples(x, torch.full((n,), SOFT_ONLY, device=x.device)), labels)

    @torch.no_grad()
    def label(self, examples: Examples, labels: Labels) -> Examples:
        """The same images with labels of the classifier; as they were drawn where those are not asked for."""
        if labels in ("own", "none"):
            return examples
        logits = self._classifier(examples.x).float().index_fill(1, self._unseen, float("-inf"))
        if labels == "hard":
            return replace(examples, y=logits.argmax(1))
        return replace(examples, soft=(logits / self._temperature).softmax(1))


def without_soft_labels(examples: Examples, outputs: int) -> Examples:
    """Samples with hard labels, in the form that joins those with soft ones."""
    return replace(examples, soft=torch.zeros((len(examples), outputs), device=examples.x.device))


def _frozen(module: M) -> M:
    return copy.deepcopy(module).eval().requires_grad_(False)
