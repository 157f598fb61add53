"""Rotated MNIST."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import final

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from cltk_scenarios.transformed import Transform, TransformedMNIST

__all__ = ["RotatedMNIST"]


@final
class RotatedMNIST(TransformedMNIST):
    """MNIST turned further in each task: all ten digits, in 10 tasks of 1,000 images by default.

    The angles from 0 to ``degrees`` are divided evenly among the tasks; each draws one out of its share.

    Source: Lopez-Paz & Ranzato 2017, arXiv 1706.08840.

    Deviations: 10 tasks instead of 20 by default.
    """

    class Config(TransformedMNIST.Config):
        """Number and origin of the tasks, how far they turn, and how much of the training images is used."""

        degrees: float = Field(180.0, gt=0, le=360, description="upper end of the angles, in degrees, anticlockwise")

    config: Config

    def _transforms(self, rng: torch.Generator) -> Sequence[Transform]:
        share = math.radians(self.config.degrees) / self.config.tasks
        drawn = torch.rand(self.config.tasks, generator=rng, dtype=torch.float64)
        return [_rotation((task + float(part)) * share) for task, part in enumerate(drawn)]


def _rotation(angle: float) -> Transform:
    """Turns images by ``angle`` radians about their middle, between pixels by bilinear interpolation."""
    cos, sin = math.cos(angle), math.sin(angle)
    # Maps places of the turned image to those of the original; the vertical axis points down.
    turn = torch.tensor([[cos, -sin, 0.0], [sin, cos, 0.0]])

    def rotate(x: Tensor) -> Tensor:
        if not len(x):  # Nothing is held out; PyTorch refuses an empty grid.
            return x
        grid = affine_grid(turn.expand(len(x), -1, -1), list(x.shape), align_corners=False)
        return grid_sample(x, grid, align_corners=False).clamp(0, 1)

    return rotate
