"""How replayed samples join those of the current task."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal

import torch
from pydantic import Field

from cltk.config import Settings
from cltk.interfaces import Batches, Examples, Shuffled, Streams

__all__ = ["Draw", "Interleaved", "Replay", "mix"]

Draw = Callable[[int, torch.Generator], Examples]
"""From a number of samples and a stream to that many replayed samples."""


class Replay(Settings):
    """The two choices that replay leaves open."""

    refresh: Literal["iteration", "task"] = Field(
        "iteration", description="draw fresh samples for every batch, or one set when a task starts"
    )
    weighting: Literal["task", "sample"] = Field(
        "task", description="weigh the current task 1/N and replay 1 - 1/N, N tasks so far; or every sample alike"
    )

    def steps(self, current: int, count: int, batch_size: int) -> int:
        """Number of batches in an epoch; replay drawn afresh comes on top of the batches, a replay set makes more."""
        return math.ceil((current + count if self.refresh == "task" else current) / batch_size)

    def weights(self, completed: int, current: int, count: int) -> tuple[float, float]:
        """The loss weights of a current and of a replayed sample, whose mean over both is 1.

        With ``task``, the loss is 1/N L_current + (1 - 1/N) L_replay for N = ``completed`` + 1, each L the mean over
        its own samples (van de Ven & Tolias 2018, arXiv 1809.10635).

        Args:
            completed: Number of tasks learned before.
            current: Number of samples of the task itself.
            count: Number of replayed samples.
        """
        if self.weighting == "sample" or count == 0:
            return 1.0, 1.0
        share, total = 1 / (completed + 1), current + count
        return share * total / current, (1 - share) * total / count


class Interleaved(Batches):
    """The current task in shuffled batches, each with freshly drawn replay in proportion.

    Args:
        current: The samples of the task.
        draw: Where replay comes from.
        count: Number of samples to replay in an epoch.
        batch_size: Number of current samples in a batch.
    """

    def __init__(self, current: Examples, draw: Draw, count: int, batch_size: int) -> None:
        self.current = Shuffled(current, batch_size)
        self.draw = draw
        self.count = count

    @property
    def samples(self) -> int:
        """Current and replayed ones."""
        return self.current.samples + self.count

    @property
    def steps(self) -> int:
        """Batches of the current task."""
        return self.current.steps

    def epoch(self, streams: Streams) -> Iterator[Examples]:
        """Shuffles by the stream ``order``, draws by the stream ``replay``."""
        rng = streams.generator("replay")
        used = drawn = 0
        for batch in self.current.epoch(streams):
            used += len(batch)
            due = math.ceil(used * self.count / self.current.samples) - drawn
            drawn += due
            yield Examples.concat([batch, self.draw(due, rng)])


def mix(
    current: Examples, replay: Examples | Draw, count: int, batch_size: int, weights: tuple[float, float]
) -> Batches:
    """The batches of a task with ``count`` replayed samples an epoch.

    Args:
        current: The samples of the task.
        replay: A replay set made once, or where to draw fresh samples.
        count: Number of replayed samples; 0 leaves the task alone.
        batch_size: Samples in a batch; where replay is drawn afresh, of the current task.
        weights: The loss weights of current and of replayed samples, as ``Replay.weights`` gives them.
    """
    if count == 0:
        return Shuffled(current, batch_size)
    own, theirs = weights
    if isinstance(replay, Examples):
        return Shuffled(Examples.concat([current.weighted(own), replay.weighted(theirs)]), batch_size)
    return Interleaved(current.weighted(own), lambda n, rng: replay(n, rng).weighted(theirs), count, batch_size)
