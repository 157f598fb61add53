"""PEC: the class whose student errs least."""

from __future__ import annotations

import torch
from pydantic import Field, PositiveInt
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces import Parts, ScenarioInfo, Training
from cltk_class_models.class_wise import ClassWise

__all__ = ["PEC"]


class PEC(ClassWise):
    """Trains a small student a class to imitate a fixed random teacher, and compares their errors on an image.

    A student imitates well what resembles the images that it was trained on. The teacher comes out of the seed, so that
    it takes no memory from task to task.

    Source: Zając, Tuytelaars & van de Ven 2023, arXiv 2305.18806: prediction error-based classification.

    Deviations: none known.
    """

    class Config(Settings):
        """Sizes and budget."""

        teacher: PositiveInt = Field(500, description="hidden units of the teacher for each class")
        hidden: PositiveInt = Field(10, description="hidden units of a student")
        outputs: PositiveInt = Field(99, description="outputs of teacher and students")
        training: Training = Field(
            Training(epochs=1, min_steps=0, batch_size=1, lr=0.01, lr_schedule="linear", weight_decay=0.0),
            description="budget and optimizer of each student",
        )

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.training = config.training
        teacher = _network(info.pixels, config.teacher * info.outputs, config.outputs)
        self.teacher = _Fixed(teacher)

    def make_model(self) -> nn.Module:
        """Makes a student."""
        return _network(self.info.pixels, self.config.hidden, self.config.outputs)

    def losses(self, model: nn.Module, x: Tensor, rng: torch.Generator) -> Tensor:
        """The squared error of a student, (B,)."""
        error: Tensor = (model(x.flatten(1)) - self.teacher(x.flatten(1))).square().sum(1)
        return error

    def scores(self, model: nn.Module, x: Tensor) -> Tensor:
        """Minus that error, (B,)."""
        return -self.losses(model, x, torch.Generator())


class _Fixed(nn.Module):
    """A network that is never trained, whose weights no state keeps."""

    def __init__(self, network: nn.Sequential) -> None:
        super().__init__()
        for number, layer in enumerate(network):
            if isinstance(layer, nn.Linear):
                self.register_buffer(f"weight_{number}", layer.weight.detach(), persistent=False)
                self.register_buffer(f"bias_{number}", layer.bias.detach(), persistent=False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The outputs of images (B, D)."""
        hidden = nn.functional.gelu(nn.functional.linear(x, self.weight_0, self.bias_0))  # type: ignore[arg-type]
        return nn.functional.linear(hidden, self.weight_2, self.bias_2)  # type: ignore[arg-type]


def _network(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, outputs))
