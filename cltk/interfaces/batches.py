"""What one epoch of a phase trains on."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch

from cltk.interfaces.examples import Examples
from cltk.interfaces.streams import Streams

__all__ = ["Batches", "Shuffled"]


class Batches(ABC):
    """The batches of an epoch, the same whenever they are asked for with the same streams."""

    @property
    @abstractmethod
    def samples(self) -> int:
        """Number of samples in an epoch."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """Number of batches in an epoch."""

    @abstractmethod
    def epoch(self, streams: Streams) -> Iterator[Examples]:
        """The batches of one epoch, whose randomness all comes from ``streams``."""


class Shuffled(Batches):
    """Every sample once an epoch, in a new order each time."""

    def __init__(self, examples: Examples, batch_size: int) -> None:
        self.examples = examples
        self.batch_size = batch_size

    @property
    def samples(self) -> int:
        """All of them."""
        return len(self.examples)

    @property
    def steps(self) -> int:
        """Batches of ``batch_size``, the last one smaller."""
        return math.ceil(self.samples / self.batch_size)

    def epoch(self, streams: Streams) -> Iterator[Examples]:
        """Shuffles by the stream ``order``."""
        rng = streams.generator("order")
        order = torch.randperm(self.samples, generator=rng, device=self.examples.x.device)
        for index in torch.split(order, self.batch_size):
            yield self.examples[index]
