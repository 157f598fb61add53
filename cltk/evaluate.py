"""Filling the accuracy matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from cltk.interfaces import Examples, ScenarioInfo, Strategy, Task, task_masks

__all__ = ["Part", "accuracy_row"]

Part = Literal["test", "validation"]
CHUNK = 2048
"""Samples classified at once."""


def accuracy_row(strategy: Strategy, info: ScenarioInfo, tasks: Sequence[Task], part: Part) -> tuple[float, ...]:
    """A strategy's accuracy on every task, in [0, 1].

    In the task-incremental setting a sample competes among the classes of its own task alone.

    Args:
        strategy: Its ``predict`` gives the scores.
        info: What its scenario says.
        tasks: All tasks, learned or not.
        part: Which part of their data to classify.
    """
    masks = task_masks(info)
    return tuple(_accuracy(strategy, getattr(task, part), masks) for task in tasks)


@torch.no_grad()
def _accuracy(strategy: Strategy, examples: Examples, masks: Tensor | None) -> float:
    correct = torch.zeros((), dtype=torch.int64, device=examples.x.device)
    for x, y in zip(torch.split(examples.x, CHUNK), torch.split(examples.y, CHUNK), strict=True):
        logits = strategy.predict(x)
        if masks is not None:
            logits = logits.masked_fill(masks.to(y.device)[y], float("-inf"))
        correct += (logits.argmax(1) == y).sum()
    return int(correct) / len(examples)
