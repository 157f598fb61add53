"""The frozen network that replays earlier classes, and labels what it replays."""

from __future__ import annotations

import torch
from torch import Tensor

from cltk.interfaces import SOFT_ONLY, Examples, Labeller, ScenarioInfo, draw_pixels, freeze
from cltk_feedback.network import FeedbackNetwork
from cltk_feedback.settings import DistilledReplay

__all__ = ["Teacher"]


class Teacher:
    """A network as it was at one moment; the original may be trained on.

    Args:
        network: It draws the images, and labels them.
        info: What the scenario says of itself.
        completed: Number of tasks learned so far.
        replay: How images are drawn and labelled.
    """

    def __init__(self, network: FeedbackNetwork, info: ScenarioInfo, completed: int, replay: DistilledReplay) -> None:
        self._network = freeze(network)
        self._labels = replay.labels
        self._draws_pixels = replay.images != "mean"
        device = network.mean.weight.device
        self._classes = torch.tensor(info.seen(completed), dtype=torch.int64, device=device)
        self._labeller = Labeller(info, completed, replay, device)
        # Where an image is drawn from a class, it is known what task it is of.
        self._knows_tasks = info.setting == "task" and network.is_conditional

    @torch.no_grad()
    def draw(self, n: int | Tensor, rng: torch.Generator) -> Examples:
        """Images of the classes learned so far, labelled.

        Args:
            n: How many, of classes drawn evenly; or the class that each is to be drawn from, (n,) int64.
            rng: The source of all randomness.
        """
        if not isinstance(n, Tensor):
            n = self._classes[torch.randint(len(self._classes), (n,), generator=rng, device=rng.device)]
        x = self._network.sample(n, rng)
        if self._draws_pixels:
            x = draw_pixels(x, rng)
        tasks = self._labeller.task_of(n) if self._knows_tasks else None
        drawn = Examples(x, torch.full_like(n, SOFT_ONLY), task=tasks)
        return self._labeller.label(drawn, self._network.classify(x), self._labels)
