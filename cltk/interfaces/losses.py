"""The classification loss that all three settings share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from cltk.interfaces.component import ScenarioInfo
from cltk.interfaces.examples import Examples

__all__ = ["classification_loss", "task_masks"]


def task_masks(info: ScenarioInfo) -> Tensor | None:
    """Which output units compete with each label.

    Returns:
        (K, K) bool, True where unit k is in another task than the label of the row and is left out of its softmax;
        None unless the setting is task-incremental.
    """
    if info.setting != "task":
        return None
    masked = torch.ones(info.outputs, info.outputs, dtype=torch.bool)
    for classes in info.classes:
        rows = torch.tensor(classes)
        masked[rows[:, None], rows] = False
    return masked


def classification_loss(
    logits: Tensor, batch: Examples, masked: Tensor | None = None, temperature: float = 1.0
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
        logits = logits.masked_fill(masked[batch.y.clamp_min(0)] & (batch.y >= 0)[:, None], float("-inf"))
    loss = F.cross_entropy(logits, batch.y, reduction="none")
    if batch.soft is None:
        return loss
    log_probabilities = F.log_softmax(logits / temperature, dim=1).clamp_min(-1e4)
    return loss - temperature**2 * (batch.soft * log_probabilities).sum(1)
