"""How replayed samples join those of the current task."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate, islice, pairwise
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from cltk.config import Settings
from cltk.interfaces.batches import Batches, Shuffled
from cltk.interfaces.examples import Examples
from cltk.interfaces.schedule import Amount, total
from cltk.interfaces.streams import Streams

__all__ = ["Draw", "Interleaved", "Replay", "draw_amount", "mix_replay"]

Draw = Callable[[Any, torch.Generator], Examples]
"""From a number of samples and a stream to that many replayed samples.

Where there is to be a number of each class, it is given the labels that they are to have instead, (n,) int64.
"""


class Replay(Settings):
    """The two choices that replay leaves open."""

    refresh: Literal["iteration", "task"] = Field(
        "iteration", description="draw fresh samples for every batch, or one set when a task starts"
    )
    weighting: Literal["task", "sample"] = Field(
        "task", description="weigh the current task 1/N and replay 1 - 1/N, N tasks so far; or every sample alike"
    )

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
        amount: Number of samples to replay in an epoch; where it is one for each class, their order is random.
        batch_size: Number of current samples in a batch.
        ahead: Number of batches whose replay is drawn at once, which takes less time. Only where ``draw`` gives the
            same distribution all along.
    """

    def __init__(self, current: Examples, draw: Draw, amount: Amount, batch_size: int, ahead: int = 1) -> None:
        self.current = Shuffled(current, batch_size)
        self.draw = draw
        self.ahead = ahead
        self.count = total(amount)
        self._labels = _labels(amount, current.x.device) if isinstance(amount, Mapping) else None

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
        labels = self._labels
        if labels is not None:
            labels = labels[torch.randperm(len(labels), generator=rng, device=rng.device)]
        batches, used = self.current.epoch(streams), 0
        # Of the first one alone, as the engine takes what it costs for the cost of each.
        while together := list(islice(batches, self.ahead if used else 1)):
            bounds = [self._due(n) for n in accumulate(map(len, together), initial=used)]
            used += sum(map(len, together))
            first, last = bounds[0], bounds[-1]
            replayed = self.draw(last - first if labels is None else labels[first:last], rng)
            for batch, (begin, end) in zip(together, pairwise(bounds), strict=True):
                yield Examples.concat([batch, replayed[begin - first : end - first]])

    def _due(self, used: int) -> int:
        """Replayed samples that there are beside the first ``used`` ones of the task."""
        return math.ceil(used * self.count / self.current.samples)


def draw_amount(draw: Draw, amount: Amount, rng: torch.Generator) -> Examples:
    """A replay set: all samples of an epoch at once."""
    return draw(_labels(amount, rng.device) if isinstance(amount, Mapping) else amount, rng)


def mix_replay(
    current: Examples,
    replay: Examples | Draw,
    amount: Amount,
    batch_size: int,
    weights: tuple[float, float],
    ahead: int = 1,
) -> Batches:
    """The batches of a task with so many replayed samples an epoch.

    Args:
        current: The samples of the task.
        replay: A replay set made once, or where to draw fresh samples.
        amount: Number of replayed samples; 0 leaves the task alone.
        batch_size: Samples in a batch; where replay is drawn afresh, of the current task.
        weights: The loss weights of current and of replayed samples, as ``Replay.weights`` gives them.
        ahead: Number of batches whose fresh samples are drawn at once.
    """
    if total(amount) == 0:
        return Shuffled(current, batch_size)
    own, theirs = weights
    if isinstance(replay, Examples):
        return Shuffled(Examples.concat([current.weighted(own), replay.weighted(theirs)]), batch_size)
    return Interleaved(current.weighted(own), lambda n, rng: replay(n, rng).weighted(theirs), amount, batch_size, ahead)


def _labels(counts: Mapping[int, int], device: torch.device) -> Tensor:
    """Each class as often as it is to be drawn, (n,) int64."""
    labels = sorted(counts)
    repeats = torch.tensor([counts[label] for label in labels], device=device)
    return torch.tensor(labels, dtype=torch.int64, device=device).repeat_interleave(repeats)
