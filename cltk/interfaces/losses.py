"""The classification loss that all three settings share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cltk.interfaces.component import ScenarioInfo
from cltk.interfaces.examples import Examples

__all__ = ["TaskMasks", "classification_loss", "task_masks"]


@dataclass(frozen=True, slots=True)
class TaskMasks:
    """Which output units are left out of the softmax of a sample.

    Attributes:
        by_task: (T, K) bool, True where unit k is of none of the classes of the task.
        by_label: (K, K) bool, True where unit k is in no task together with the label.
    """

    by_task: Tensor
    by_label: Tensor

    def to(self, device: torch.device) -> TaskMasks:
        """The same on another device."""
        return TaskMasks(self.by_task.to(device), self.by_label.to(device))

    def rows(self, batch: Examples) -> Tensor:
        """The mask of each sample, (B, K): by its task where that is known, else by its label where it has one."""
        tasks, labelled = batch.tasks, (batch.y >= 0)[:, None]
        by_label = self.by_label[batch.y.clamp_min(0)] & labelled
        return torch.where((tasks >= 0)[:, None], self.by_task[tasks.clamp_min(0)], by_label)


def task_masks(info: ScenarioInfo) -> TaskMasks | None:
    """Which output units compete for a sample; None, as all of them do, unless the setting is task-incremental."""
    if info.setting != "task":
        return None
    by_task = torch.ones(info.tasks, info.outputs, dtype=torch.bool)
    by_label = torch.ones(info.outputs, info.outputs, dtype=torch.bool)
    for task, classes in enumerate(info.classes):
        units = torch.tensor(classes)
        by_task[task, units] = False
        by_label[units[:, None], units] = False
    return TaskMasks(by_task, by_label)


def classification_loss(
    logits: Tensor, batch: Examples, masked: TaskMasks | None = None, temperature: float = 1.0
) -> Tensor:
    """Cross-entropy with hard labels, and distillation where a sample has soft ones.

    Source: Hinton, Vinyals & Dean 2015, arXiv 1503.02531, for the soft part, scaled by the squared temperature.

    Args:
        logits: (B, K).
        batch: B samples; their ``y``, and ``soft`` where it is there, are the targets.
        masked: What ``task_masks`` gave, on the device of the logits.
        temperature: Of the softmax in the soft part.

    Returns:
        (B,) nats per sample.
    """
    if masked is not None:
        logits = logits.masked_fill(masked.rows(batch), float("-inf"))
    loss = F.cross_entropy(logits, batch.y, reduction="none")
    if batch.soft is None:
        return loss
    log_probabilities = F.log_softmax(logits / temperature, dim=1).clamp_min(-1e4)
    return loss - temperature**2 * (batch.soft * log_probabilities).sum(1)
