"""The generator: a model of the images seen so far, which replays them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from cltk.config import Settings
from cltk.errors import PluginError
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
    """

    labels: ClassVar[Literal["hard", "none"]] = "none"

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

        return Train("generator", self, batches, loss, training)

    def phases(self, batches: Batches, training: Training) -> Iterator[Phase]:
        """All phases in which it learns ``batches``, the next one asked for when the last one is over.

        That of ``phase`` alone, unless overridden; there are none where nothing is left to be learned.
        """
        yield self.phase(batches, training)

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


_ROUNDS = 100
"""Times that a generator is asked for as many samples again, until it has drawn enough of each class."""


class ConditionalGenerator(Generator, ABC):
    """A generator that draws an image of a class, and so knows its label.

    Its training data come with hard labels. A class that a fit or an epoch lacks stays as it was.
    """

    labels = "hard"

    @abstractmethod
    def sample_labelled(self, n: int, rng: torch.Generator) -> Examples:
        """Draws ``n`` images (0 is allowed) in [0, 1], each with the label of the class that it was drawn from."""

    def sample_of(self, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Draws an image of each of these classes.

        By default from ``sample_labelled``, until there is one for each: override it where there is something faster.

        Args:
            labels: (n,) int64; classes that it was trained on.
            rng: The source of all randomness.

        Returns:
            (n, C, H, W) float32 in [0, 1].

        Raises:
            PluginError: It hardly ever draws one of the classes.
        """
        x = self.sample_labelled(len(labels), rng).x
        waiting = torch.ones_like(labels, dtype=torch.bool)
        for _ in range(_ROUNDS):
            drawn = self.sample_labelled(2 * len(labels), rng)
            for label in sorted(set(labels[waiting].tolist())):
                places = (waiting & (labels == label)).nonzero().flatten()
                images = drawn.x[drawn.y == label][: len(places)]
                x[places[: len(images)]] = images
                waiting[places[: len(images)]] = False
            if not waiting.any():
                return x
        rare = sorted(set(labels[waiting].tolist()))
        raise PluginError(
            f"{type(self).__name__} hardly ever draws the classes {rare}, which the schedule asks for.",
            "Override its sample_of, or choose a schedule that does not count by class.",
        )

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """The images of ``sample_labelled`` alone."""
        return self.sample_labelled(n, rng).x
