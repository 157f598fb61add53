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

    def shares(self, batch: Examples) -> Tensor:
        """How much of the target probability of a class falls to each task, (B, T, K).

        All of it to the task of the sample; where that is not known, the same to each task that has the class.
        """
        tasks, has_class = batch.tasks[:, None, None], ~self.by_task
        own = tasks == torch.arange(len(has_class), device=tasks.device)[:, None]
        return torch.where(tasks >= 0, own & has_class, has_class / has_class.sum(0).clamp_min(1))


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
    logits: Tensor,
    batch: Examples,
    masked: TaskMasks | None = None,
    temperature: float = 1.0,
    *,
    is_scaled: bool = True,
) -> Tensor:
    """Cross-entropy with hard labels, and distillation where a sample has soft ones.

    In the task-incremental setting both are taken within the classes of each task.

    Source: Hinton, Vinyals & Dean 2015, arXiv 1503.02531, for the soft part.

    Args:
        logits: (B, K).
        batch: B samples; their ``y``, and ``soft`` where it is there, are the targets.
        masked: What ``task_masks`` gave, on the device of the logits.
        temperature: Of the softmax in the soft part.
        is_scaled: Whether the soft part is multiplied by the squared temperature, which keeps its gradient as large.

    Returns:
        (B,) nats per sample.
    """
    competing = logits if masked is None else logits.masked_fill(masked.rows(batch), float("-inf"))
    loss = F.cross_entropy(competing, batch.y, reduction="none")
    if batch.soft is None:
        return loss
    # In float32, as autocast on the CPU takes this logarithm in bfloat16.
    log_probabilities = _log_probabilities(logits.float() / temperature, batch, masked)
    scale = temperature**2 if is_scaled else 1.0
    return loss - scale * (batch.soft * log_probabilities).sum(1)


def _log_probabilities(logits: Tensor, batch: Examples, masked: TaskMasks | None) -> Tensor:
    """Of each class (B, K), within the task of the sample, or on average over all tasks that have the class."""
    if masked is None:
        return F.log_softmax(logits, dim=1).clamp_min(-1e4)
    within = F.log_softmax(logits[:, None].masked_fill(masked.by_task, float("-inf")), dim=2).clamp_min(-1e4)
    return (masked.shares(batch) * within).sum(1)  # Over tasks: (B, T, K) to (B, K).
