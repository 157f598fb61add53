"""Labels that what was learned before gives to replayed samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveFloat, model_validator
from torch import Tensor

from cltk.interfaces.active import Active
from cltk.interfaces.component import ScenarioInfo
from cltk.interfaces.examples import SOFT_ONLY, Examples
from cltk.interfaces.replay import Replay

__all__ = ["LabelledReplay", "Labeller"]


class LabelledReplay(Replay):
    """How replayed samples join the task, and how soft labels are made and learned: published code disagrees."""

    temperature: PositiveFloat = Field(2.0, description="of the softmax behind soft labels")
    scaled: bool = Field(
        True,
        description="multiply the loss of soft labels by the squared temperature, as the code of van de Ven & Tolias "
        "2018 to 2021 does; that of van de Ven, Tuytelaars & Tolias 2022 does not",
    )
    targets: Literal["learned", "all"] = Field(
        "learned",
        description="soft labels give the classes learned before the task all probability and its new ones none (van "
        "de Ven & Tolias 2018); or the softmax is over all units (today's default of their code)",
    )
    active: Active = Field(
        "all",
        description="class-incremental: the units that compete in training, all (today's default of their code) or "
        "those of the classes so far (van de Ven & Tolias 2018)",
    )

    def without_effect(self) -> Mapping[str, str]:
        """What soft labels are made and learned by, where the ``labels`` of a subclass are others."""
        labels = getattr(self, "labels", "soft")
        return {} if labels == "soft" else dict.fromkeys(("temperature", "scaled", "targets"), f"labels are {labels}")

    @model_validator(mode="after")
    def _targets_are_active(self) -> Self:
        if self.targets == "all" and self.active == "so-far":
            raise ValueError('targets = "all" needs active = "all": other units would have targets but no probability')
        return self


class Labeller:
    """Labels samples by scores, among the classes learned so far, unless soft labels are to be of all units.

    In the task-incremental setting, where classes of different tasks never competed, each task labels every sample
    within its own classes, and each has the same share; where the task of a sample is known, that one alone.

    Source: van de Ven & Tolias 2018, arXiv 1809.10635, for soft labels; 2019, arXiv 1904.07734, for those of tasks.

    Args:
        info: What the scenario says of itself.
        completed: Number of tasks learned so far.
        replay: How soft labels are made.
        device: Where the scores are.
    """

    def __init__(self, info: ScenarioInfo, completed: int, replay: LabelledReplay, device: torch.device) -> None:
        by_task = info.setting == "task" and completed > 0
        groups = info.classes[:completed] if by_task else (info.seen(completed),)
        self._left_out = torch.ones(len(groups), info.outputs, dtype=torch.bool, device=device)
        for row, classes in zip(self._left_out, groups, strict=True):
            row[list(classes)] = False
        self._temperature = replay.temperature
        self._softens_all = replay.targets == "all" and info.setting != "task"

    def task_of(self, y: Tensor) -> Tensor:
        """The first task that has each of these classes, (n,) int64 from (n,) int64."""
        return (~self._left_out[:, y]).int().argmax(0)

    def label(self, examples: Examples, scores: Tensor, labels: Literal["hard", "soft"]) -> Examples:
        """The same samples with other labels.

        Args:
            examples: B samples, which may say what task each is of.
            scores: (B, K) logits.
            labels: The most likely class, or probabilities. Where several tasks label a sample both are soft targets.
        """
        left_out = self._left_out if examples.task is None else self._left_out[examples.task][:, None]
        if labels == "soft" and self._softens_all:
            left_out = torch.zeros_like(left_out)
        within = scores.float()[:, None].masked_fill(left_out, float("-inf"))  # By each task that labels: (B, H, K).
        if labels == "soft":
            targets = (within / self._temperature).softmax(2)
        elif within.shape[1] == 1:
            return replace(examples, y=within[:, 0].argmax(1))
        else:
            targets = F.one_hot(within.argmax(2), within.shape[2]).float()
        return replace(examples, y=torch.full_like(examples.y, SOFT_ONLY), soft=targets.mean(1))
