"""The generator: a model of the images seen so far, which replays them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from cltk.config import Settings
from cltk.interfaces.batches import Batches
from cltk.interfaces.component import Component, ScenarioInfo
from cltk.interfaces.examples import Examples
from cltk.interfaces.networks import evaluating
from cltk.interfaces.phase import Phase, Train
from cltk.interfaces.training import Training

__all__ = ["ConditionalGenerator", "Generator"]


class Generator(nn.Module, Component, ABC):
    """Learns a distribution of images and samples from it. Built as ``Generator(config, info)``.

    Attributes:
        labels: Whether ``loss`` or a closed-form fit reads labels (``hard``) or not (``none``); replay for the
            generator is labelled only where it does.
        capturable: Whether ``loss`` runs the same kernels for every batch of a shape and never waits for the device, as
            ``item()`` or a mask as an index would: then training steps become CUDA graphs on a GPU.
    """

    labels: ClassVar[Literal["hard", "none"]] = "none"
    capturable: ClassVar[bool] = False

    def __init__(self, config: Settings | None = None, info: ScenarioInfo | None = None) -> None:
        super().__init__()
        if config is not None:
            self.config = config

    @abstractmethod
    def loss(self, x: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """How badly the model explains the images: minus log p(x), or an upper bound of it.

        It may be called under autocast to bfloat16; sums over pixels are best taken in float32 or float64.

        Args:
            x: (B, C, H, W) float32 in [0, 1].
            y: (B,) int64 labels; meaningless where ``labels`` is ``none``.
            rng: The source of all randomness but dropout, which draws from the global generator that the engine lends.

        Returns:
            (B,) nats per sample.
        """

    @abstractmethod
    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """Draws ``n`` images (0 is allowed); returns (n, C, H, W) float32 in [0, 1]."""

    @torch.no_grad()
    def score(self, x: Tensor, y: Tensor) -> Tensor:
        """How badly the model explains each image, the same at every call; in evaluation mode.

        By default ``loss`` with the same random numbers for every image. Where it draws any, images are judged one at
        a time, so that a score does not depend on the others: override it where there is something faster.

        Args:
            x: (B, C, H, W) float32 in [0, 1].
            y: (B,) int64 labels; meaningless where ``labels`` is ``none``.

        Returns:
            (B,) nats per sample: minus log p(x), or a bound or an estimate of it.
        """
        rng = torch.Generator(x.device)
        with evaluating(self):
            together = self.loss(x, y, rng.manual_seed(0))
            if torch.equal(rng.get_state(), torch.Generator(x.device).manual_seed(0).get_state()):
                return together  # Nothing was drawn.
            alone = [self.loss(x[i : i + 1], y[i : i + 1], rng.manual_seed(0)) for i in range(len(x))]
        return torch.cat(alone) if alone else together

    def phase(self, batches: Batches, training: Training) -> Phase:
        """How the generator learns ``batches``: by gradient descent on ``loss``, unless overridden.

        A generator that is fitted in closed form returns ``Fit("generator", self, batches, self.fit)`` instead.
        """

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            return self.loss(batch.x, batch.y, rng)

        return Train("generator", self, batches, loss, training, capturable=self.capturable)

    def begin_task(self, classes: Sequence[int]) -> None:
        """Is told which classes the next task has, as a classifier is; nothing happens by default."""

    def problems(self, x: Tensor) -> Sequence[str]:
        """What is wrong with the trained model, judged on some of its training images; nothing, by default.

        Args:
            x: (B, C, H, W) float32 in [0, 1].

        Returns:
            One sentence a problem, such as a posterior collapse.
        """
        return ()


class ConditionalGenerator(Generator, ABC):
    """A generator that draws an image of a class, and so knows its label.

    Its training data come with hard labels. A class that a fit or an epoch lacks stays as it was.
    """

    labels = "hard"

    @abstractmethod
    def sample_labelled(self, n: int, rng: torch.Generator) -> Examples:
        """Draws ``n`` images (0 is allowed) in [0, 1], each with the label of the class that it was drawn from."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """The images of ``sample_labelled`` alone."""
        return self.sample_labelled(n, rng).x
