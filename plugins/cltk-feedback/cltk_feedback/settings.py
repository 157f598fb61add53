"""What both strategies of this package can be told."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from cltk.config import Settings, Sizes
from cltk.interfaces import LabelledReplay, Training

__all__ = ["DistilledReplay", "NetworkSettings"]


class DistilledReplay(LabelledReplay):
    """How replayed samples join the task, how they are labelled, and how labels are learned."""

    labels: Literal["hard", "soft"] = Field(
        "soft", description="the network's probabilities (distillation), or its most likely class"
    )
    images: Literal["mean", "drawn", "all-drawn"] = Field(
        "mean",
        exclude_if=lambda value: value == "mean",
        description="replay images as the network gives them, or with each pixel drawn as 0 or 1 with that "
        "probability; or draw those of current images, too",
    )


class NetworkSettings(Settings):
    """Sizes, replay and budget; by default those of van de Ven & Tolias 2018 for Split MNIST."""

    hidden: Sizes = Field((400, 400), description="units of the encoder's hidden layers; the decoder mirrors them")
    latent_dim: PositiveInt = Field(100, description="number of latent variables")
    replay: DistilledReplay = Field(DistilledReplay(active="so-far"), description="how replayed samples join the task")
    network: Training = Field(
        Training(steps=2000, weight_decay=0.0, reset_optimizer=False),
        description="budget and optimizer of the one network",
    )
