"""The frozen copy that replays earlier classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cltk.interfaces import SOFT_ONLY, ConditionalGenerator, Examples, ScenarioInfo, Strategy, draw_pixels, freeze

__all__ = ["Labels", "Teacher"]

Labels = Literal["hard", "soft", "own", "none"]


class Teacher:
    """A strategy as it was at one moment; the original may be trained on.

    Labels are chosen among the classes learned so far, unless soft ones are to be of all units. In the task-incremental
    setting, where classes of different tasks never competed, each task labels every image within its own.

    Args:
        strategy: Its generator draws the images, and its predictions label them.
        completed: Number of tasks learned so far.
        temperature: Of the softmax behind soft labels.
        softens_all: Whether soft labels are of all units; never so in the task-incremental setting.
        draws_pixels: Whether each pixel is drawn as 0 or 1, with the probability that the generator gives.
    """

    def __init__(
        self,
        strategy: Strategy,
        completed: int,
        temperature: float,
        *,
        softens_all: bool = False,
        draws_pixels: bool = False,
    ) -> None:
        self._strategy = freeze(strategy)
        self._left_out = _left_out(strategy.info, completed).to(strategy.device)
        self._softens_all = softens_all and strategy.info.setting != "task"
        self._temperature = temperature
        self._draws_pixels = draws_pixels

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
        """The same images with labels of the strategy; as they were drawn where those are not asked for.

        Where there are those of several tasks, they are soft targets, of which each task has the same share.
        """
        if labels in ("own", "none"):
            return examples
        left_out = self._left_out & (labels != "soft" or not self._softens_all)
        scores = self._strategy.predict(examples.x).float()[:, None].masked_fill(left_out, float("-inf"))
        if labels == "soft":
            targets = (scores / self._temperature).softmax(2)
        elif len(self._left_out) == 1:
            return replace(examples, y=scores[:, 0].argmax(1))
        else:
            targets = F.one_hot(scores.argmax(2), scores.shape[2]).float()
        return replace(examples, y=torch.full_like(examples.y, SOFT_ONLY), soft=targets.mean(1))


def _left_out(info: ScenarioInfo, completed: int) -> Tensor:
    """Which units no label is chosen from, by each that labels: a task, or else all tasks together, as (H, K) bool."""
    groups = info.classes[:completed] if info.setting == "task" and completed else (info.seen(completed),)
    left_out = torch.ones(len(groups), info.outputs, dtype=torch.bool)
    for row, classes in zip(left_out, groups, strict=True):
        row[list(classes)] = False
    return left_out
