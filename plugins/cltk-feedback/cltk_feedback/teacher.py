"""The frozen network that replays earlier classes, and labels what it replays."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from cltk.interfaces import SOFT_ONLY, Examples, ScenarioInfo, freeze
from cltk_feedback.network import FeedbackNetwork
from cltk_feedback.settings import LabelledReplay

__all__ = ["Teacher"]


class Teacher:
    """A network as it was at one moment; the original may be trained on.

    Args:
        network: It draws the images, and labels them.
        info: What the scenario says of itself.
        completed: Number of tasks learned so far.
        replay: How images are labelled.
    """

    def __init__(self, network: FeedbackNetwork, info: ScenarioInfo, completed: int, replay: LabelledReplay) -> None:
        self._network = freeze(network)
        self._replay = replay
        self._classes = torch.tensor(info.seen(completed), dtype=torch.int64)
        self._tasks = _members(info.classes[:completed], info.outputs) if info.setting == "task" else None
        self._members = _members((info.seen(completed),), info.outputs)

    @torch.no_grad()
    def draw(self, n: int | Tensor, rng: torch.Generator) -> Examples:
        """Images of the classes learned so far, labelled.

        Args:
            n: How many, of classes drawn evenly; or the class that each is to be drawn from, (n,) int64.
            rng: The source of all randomness.
        """
        classes = self._classes.to(rng.device)
        if not isinstance(n, Tensor):
            n = classes[torch.randint(len(classes), (n,), generator=rng, device=rng.device)]
        return self._label(self._network.sample(n, rng), n)

    def _label(self, x: Tensor, drawn: Tensor) -> Examples:
        """Labels images.

        In the task-incremental setting an image that was drawn from a class is labelled within the first task of that
        class, and any other one by every task within its own classes, each with the same share.
        """
        scores = self._network.classify(x).float()
        unlabelled = Examples(x, torch.full_like(drawn, SOFT_ONLY))
        if self._tasks is None:
            targets = self._targets(scores, self._members.to(x.device))
            if self._replay.labels == "hard":
                return replace(unlabelled, y=targets.argmax(1))
            return replace(unlabelled, soft=targets)
        members = self._tasks.to(x.device)
        if self._network.is_conditional:
            task = members[:, drawn].int().argmax(0)
            return replace(unlabelled, soft=self._targets(scores, members[task]), task=task)
        return replace(unlabelled, soft=self._targets(scores[:, None], members).mean(1))

    def _targets(self, scores: Tensor, members: Tensor) -> Tensor:
        """Probabilities from logits (..., K), of those classes alone that are ``members``, a mask that broadcasts."""
        competing = scores.masked_fill(~members, float("-inf"))
        if self._replay.labels == "hard":
            return F.one_hot(competing.argmax(-1), scores.shape[-1]).float()
        softened = scores if self._replay.targets == "all" and self._tasks is None else competing
        return (softened / self._replay.temperature).softmax(-1)


def _members(groups: tuple[tuple[int, ...], ...], outputs: int) -> Tensor:
    """Which classes are in each group, (G, K) bool."""
    members = torch.zeros(len(groups), outputs, dtype=torch.bool)
    for row, classes in zip(members, groups, strict=True):
        row[list(classes)] = True
    return members
