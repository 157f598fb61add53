"""What both strategies of this package can be told."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from cltk.config import Settings, Sizes
from cltk.interfaces import Replay, Training

__all__ = ["LabelledReplay", "NetworkSettings"]


class LabelledReplay(Replay):
    """How replayed samples join the task, how they are labelled, and how labels are learned."""

    labels: Literal["hard", "soft"] = Field(
        "soft", description="the network's probabilities (distillation), or its most likely class"
    )
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
    active: Literal["so-far", "all"] = Field(
        "so-far",
        description="class-incremental: the units that compete in training, those of the classes so far (van de Ven & "
        "Tolias 2018) or all (today's default of their code)",
    )

    @model_validator(mode="after")
    def _targets_are_active(self) -> Self:
        if self.targets == "all" and self.active == "so-far":
            raise ValueError('targets = "all" needs active = "all": other units would have targets but no probability')
        return self


class NetworkSettings(Settings):
    """Sizes, replay and budget; by default those of van de Ven & Tolias 2018 for Split MNIST."""

    hidden: Sizes = Field((400, 400), description="units of the encoder's hidden layers; the decoder mirrors them")
    latent_dim: PositiveInt = Field(100, description="number of latent variables")
    replay: LabelledReplay = Field(LabelledReplay(), description="how replayed samples join the task")
    network: Training = Field(
        Training(steps=2000, weight_decay=0.0, reset_optimizer=False),
        description="budget and optimizer of the one network",
    )
