"""GDumb: a greedy buffer and a classifier that starts over."""

from __future__ import annotations

from dataclasses import replace

import torch
from pydantic import Field, PositiveInt
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces import Batches, Examples, Parts, ScenarioInfo, Train, Training, require_capacity
from cltk_baselines.cutmix import cutmix
from cltk_baselines.from_scratch import FromScratch, Images

__all__ = ["GDumb"]


class GDumb(FromScratch):
    """Fills a class-balanced buffer and trains the classifier from scratch on it alone, at each task.

    Source: Prabhu, Torr & Dokania 2020, DOI 10.1007/978-3-030-58536-5_31; CutMix: Yun et al. 2019, arXiv 1905.04899.

    Deviations: Adam with a cosine schedule and batches of 32, where the paper has SGD with warm restarts and batches of
    16; scored after the last epoch, where its code reports the best test accuracy of all epochs.
    """

    class Config(Settings):
        """Buffer, augmentation and budget."""

        buffer: PositiveInt = Field(500, description="number of stored images k")
        cutmix: float = Field(0.0, ge=0, le=1, description="share of batches that are augmented by CutMix")
        images: Images = Field(
            "real",
            exclude_if=lambda value: value == "real",
            description="learn images as they are, or with each pixel drawn as 0 or 1 by its grey value",
        )
        classifier: Training = Field(
            Training(epochs=60, min_steps=0, batch_size=32, lr_schedule="cosine"),
            description="budget and optimizer of the classifier",
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        require_capacity(config.buffer, info)
        super().__init__(config, info, parts, config.buffer, config.classifier, config.images)

    def training_phase(self, batches: Batches) -> Train:
        """Training on what is stored, augmented where the configuration says so."""
        phase = super().training_phase(batches)

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            return phase.loss(cutmix(batch, self.config.cutmix, self.info.outputs, rng), rng)

        return replace(phase, loss=loss) if self.config.cutmix else phase
