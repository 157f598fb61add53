"""PEC: the class whose student errs least."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces import Parts, Published, ScenarioInfo, Training
from cltk_class_models.class_wise import ClassWise

__all__ = ["PEC"]


class PEC(ClassWise):
    """Trains a small student a class to imitate a fixed random teacher, and compares their errors on an image.

    A student imitates well what resembles the images that it was trained on. All students begin with the same weights.
    The teacher comes out of the seed, so that it takes no memory from task to task.

    Source: Zając, Tuytelaars & van de Ven 2023, arXiv 2305.18806: prediction error-based classification.

    Deviations: none known. As in the published code, of which the paper says nothing, both networks have layer
    normalisation in their hidden layer; the paper's accuracy needs it.
    """

    published = (
        Published(
            "class-incremental Split MNIST, there with a class a task",
            0.9231,
            "Zając, Tuytelaars & van de Ven 2023, arXiv 2305.18806",
            study="published-split-mnist",
            cell="PEC",
        ),
    )

    class Config(Settings):
        """Sizes and budget."""

        teacher: PositiveInt = Field(5000, description="hidden units of the teacher")
        hidden: PositiveInt = Field(10, description="hidden units of a student")
        outputs: PositiveInt = Field(99, description="outputs of teacher and students")
        normalised: bool = Field(True, description="layer normalisation of the hidden layers")
        training: Training = Field(
            Training(epochs=1, min_steps=0, batch_size=1, lr=0.01, lr_schedule="linear", weight_decay=0.0),
            description="budget and optimizer of each student",
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.training = config.training
        self.teacher = Teacher(info.pixels, config.teacher, config.outputs, normalised=config.normalised)
        first, *others = self.class_models.models
        for student in others:
            student.load_state_dict(first.state_dict())

    def make_model(self) -> nn.Module:
        """Makes a student."""
        width = self.config.hidden
        norm = nn.LayerNorm(width) if self.config.normalised else nn.Identity()
        return nn.Sequential(nn.Linear(self.info.pixels, width), norm, nn.GELU(), nn.Linear(width, self.config.outputs))

    def losses(self, model: nn.Module, x: Tensor, rng: torch.Generator) -> Tensor:
        """The mean squared error of a student over the outputs, (B,)."""
        pixels = x.flatten(1)
        error: Tensor = (model(pixels) - self.teacher(pixels)).square().mean(1)
        return error

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Minus that error, (B,)."""
        return -self.losses(model, x, torch.Generator())


class Teacher(nn.Module):
    """A network with one hidden layer that is never trained, whose weights no state keeps."""

    hidden_weight: Tensor
    hidden_bias: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, inputs: int, hidden: int, outputs: int, *, normalised: bool) -> None:
        super().__init__()
        self.normalised = normalised
        for prefix, layer in (("hidden_", nn.Linear(inputs, hidden)), ("", nn.Linear(hidden, outputs))):
            self.register_buffer(f"{prefix}weight", layer.weight.detach(), persistent=False)
            self.register_buffer(f"{prefix}bias", layer.bias.detach(), persistent=False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The outputs of images (B, P)."""
        hidden = F.linear(x, self.hidden_weight, self.hidden_bias)
        if self.normalised:
            hidden = F.layer_norm(hidden, hidden.shape[1:])
        return F.linear(F.gelu(hidden), self.weight, self.bias)
