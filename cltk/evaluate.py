"""Filling the accuracy matrix, and what else the same scores say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from cltk.interfaces import ScenarioInfo, Strategy, Task

__all__ = ["Evaluation", "Split", "evaluate"]

Split = Literal["test", "validation"]
CHUNK = 2048
"""Samples classified at once."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a strategy makes of the held-out data.

    Attributes:
        accuracy: On every task, in [0, 1].
        task_aware: The same, each sample among the classes of its own task alone.
        confusion: (K, K) counts over the tasks learned so far; rows labels, columns predictions.
    """

    accuracy: tuple[float, ...]
    task_aware: tuple[float, ...]
    confusion: tuple[tuple[int, ...], ...]


def evaluate(strategy: Strategy, info: ScenarioInfo, tasks: Sequence[Task], split: Split, learned: int) -> Evaluation:
    """Classifies the held-out data of every task once.

    In the task-incremental setting a sample competes among the classes of its own task alone, so that ``task_aware`` is
    ``accuracy`` there. A sample's own task is the one whose data it belongs to, whatever other tasks share its label.

    Args:
        strategy: Its ``predict`` gives the scores.
        info: What its scenario says.
        tasks: All tasks, learned or not.
        split: Which part of their data to classify.
        learned: How many of the tasks are learned.
    """
    accuracy, aware = [], []
    confusion = torch.zeros(info.outputs, info.outputs, dtype=torch.int64)
    for task in tasks:
        labels = getattr(task, split).y
        free, within = _predictions(strategy, getattr(task, split).x, task.classes)
        chosen = within if info.setting == "task" else free
        accuracy.append(_share(chosen, labels))
        aware.append(_share(within, labels))
        if task.index < learned:
            confusion += _counts(labels, chosen, info.outputs)
    return Evaluation(tuple(accuracy), tuple(aware), tuple(map(tuple, confusion.tolist())))


@torch.no_grad()
def _predictions(strategy: Strategy, images: Tensor, classes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The predicted labels (B,) among all classes, and among those given alone."""
    among = torch.tensor(classes, device=images.device)
    free, within = [], []
    for x in torch.split(images, CHUNK):
        scores = strategy.predict(x)
        free.append(scores.argmax(1))
        within.append(among[scores[:, among].argmax(1)])
    return torch.cat(free), torch.cat(within)


def _share(predictions: Tensor, labels: Tensor) -> float:
    return int((predictions == labels).sum()) / len(labels)


def _counts(labels: Tensor, predictions: Tensor, outputs: int) -> Tensor:
    counts = torch.bincount(labels * outputs + predictions, minlength=outputs * outputs)
    return counts.reshape(outputs, outputs).cpu()
