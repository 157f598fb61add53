"""Streaming linear discriminant analysis."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces import Examples, Fit, Parts, Phase, Published, ScenarioInfo, Shuffled, Strategy, Streams, Task
from cltk_closed_form.discriminant import CHUNK, Discriminant

__all__ = ["SLDA"]


class SLDA(Strategy):
    """Fits a mean to each class and one covariance to all of them, from running sums over a single pass.

    It stores no sample and needs no network; the order of tasks makes no difference to what it ends with.

    Source: Hayes & Kanan 2020, arXiv 1909.01520; on Split MNIST: van de Ven, Li & Tolias 2021, arXiv 2104.10093.

    Deviations: works on pixels, where the papers take the features of a pretrained network on natural images. The
    covariance is that of all samples so far, where Hayes & Kanan update a running one.
    """

    published = (
        Published(
            "class-incremental Split MNIST, on pixels",
            0.8730,
            "van de Ven, Li & Tolias 2021, arXiv 2104.10093",
            study="published-split-mnist",
            cell="SLDA",
        ),
    )
    slots = ()
    gives_logits = False

    class Config(Settings):
        """How the covariance is made invertible."""

        shrinkage: float = Field(1e-4, gt=0, le=1, description="share of the identity in the covariance")

    config: Config

    def __init__(self, config: Config, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.embedding = self.make_embedding()
        self.discriminant = Discriminant(info.outputs, self.dimension)
        self._classifier: tuple[Tensor, Tensor] | None = None

    @property
    def dimension(self) -> int:
        """Number of features D."""
        return self.info.pixels

    def make_embedding(self) -> nn.Module:
        """Makes the module that turns images (B, C, H, W) into features (B, D); it is not trained."""
        return nn.Flatten()

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        """Yields one phase, which takes the task's samples in."""
        yield Fit("discriminant", self.discriminant, Shuffled(task.train, CHUNK), self._take_in)

    @torch.no_grad()
    def predict(self, x: Tensor) -> Tensor:
        """The discriminant of each class, (B, K); minus infinity for classes that were never met."""
        if self._classifier is None:
            self._classifier = self.discriminant.weights(self.config.shrinkage)
        weights, offsets = self._classifier
        scores: Tensor = self.embedding(x) @ weights + offsets
        return scores

    def _take_in(self, examples: Examples, rng: torch.Generator) -> None:
        for x, y in zip(torch.split(examples.x, CHUNK), torch.split(examples.y, CHUNK), strict=True):
            self.discriminant.add(self.embedding(x), y)
        self._classifier = None
