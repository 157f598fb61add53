"""Training several runs of one experiment side by side: where they are alike, as one batched model."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor

from cltk.engine.descent import Cost, Descent
from cltk.engine.fast.flops import FlopCounter
from cltk.engine.fast.optimizers import Optimizer
from cltk.engine.fast.products import fast_products
from cltk.engine.fast.stacked import Stacked
from cltk.engine.steps import GradientStep
from cltk.interfaces import Examples, Streams, Train

__all__ = ["EpochDue", "Together"]


class EpochDue:
    """An epoch that is about to be trained: alone, when its losses are asked for, unless it was trained before that.

    Attributes:
        descent: What is trained.
        streams: Where the randomness of the epoch comes from.
        together: Number of runs that were trained as one.
    """

    def __init__(self, descent: Descent, streams: Streams) -> None:
        self.descent = descent
        self.streams = streams
        self.together = 1
        self._losses: Tensor | None = None

    def losses(self) -> Tensor:
        """The loss of each step."""
        return self.descent.epoch(self.streams) if self._losses is None else self._losses

    def take(self, losses: Tensor, together: int) -> None:
        """Takes note that it was trained, with these losses, as one with others."""
        self._losses, self.together = losses, together


class Together:
    """Trains an epoch of each of several runs, those that are alike as one; others are left to train alone.

    Runs are alike where the steps of a phase compute the same, of networks of the same shapes: that is tried with the
    first batch that they train on together. Each has its own streams, as it has alone, so that what comes out is the
    same but for rounding.

    Source: Bradbury et al. 2018, http://github.com/jax-ml/jax, for functions of a batch made of functions of one.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[Descent, ...], bool] = {}

    def train(self, epochs: Iterable[EpochDue]) -> None:
        """Trains an epoch of each, as far as there is another one like it."""
        found: dict[tuple[Descent, ...], bool] = {}
        for group in _groups(epochs):
            descents, streams = tuple(each.descent for each in group), [each.streams for each in group]
            are_alike = self._found.get(descents)
            losses = None if are_alike is False else _train_as_one(descents, streams, tried=are_alike is True)
            found[descents] = losses is not None
            for epoch, own in zip(group, losses or (), strict=False):
                epoch.take(own, len(group))
        self._found = found  # Of these alone: what is over is not kept alive.


def _groups(epochs: Iterable[EpochDue]) -> Iterator[list[EpochDue]]:
    """Those of several runs that may be alike, as far as can be told from outside."""
    groups = defaultdict[tuple[object, ...], list[EpochDue]](list)
    for epoch in epochs:
        descent = epoch.descent
        phase, step = descent.phase, descent.step
        if isinstance(phase, Train) and isinstance(step, GradientStep) and not step.optimizer.heads:
            shapes = tuple((name, tensor.shape) for name, tensor in phase.module.state_dict().items())
            groups[phase.name, phase.training, phase.batches.samples, descent.done, shapes].append(epoch)
    yield from (group for group in groups.values() if len(group) > 1)


def _train_as_one(descents: Sequence[Descent], streams: Sequence[Streams], *, tried: bool) -> list[Tensor] | None:
    """The losses of each run's steps; None, with nothing changed, where the runs cannot be trained as one."""
    try:
        epoch = _JointEpoch(descents, streams)
        losses = epoch.train(tried=tried)
    except Exception:  # Whatever has no batched form; what is wrong with one run is met again when it trains alone.
        return None
    epoch.hand_back()
    return list(losses.unbind(1))


class _JointEpoch:
    """An epoch of S runs as one; they have it only when it is handed back."""

    def __init__(self, descents: Sequence[Descent], streams: Sequence[Streams]) -> None:
        for descent in descents:
            descent.phase.module.train()
        self._descents = descents
        self._stacked = Stacked([_parts(descent) for descent in descents], streams)
        self._epochs = [descent.batches(own) for descent, own in zip(descents, streams, strict=True)]

    def train(self, *, tried: bool) -> Tensor:
        """Takes all steps; returns their losses, (steps, S).

        Args:
            tried: Whether the runs are known to compute the same.

        Raises:
            Exception: They do not, or what they compute has no batched form.
        """
        with fast_products(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "There is a performance drop")  # Then it does one run after the other.
            first = self._first_step(tried)
            others = [self._step(self._batches(), index) for index in range(1, self._descents[0].due)]
        return torch.stack([first, *others])

    def hand_back(self) -> None:
        """Gives each run what was trained."""
        self._stacked.hand_back()
        for descent, norm in zip(self._descents, self._norms, strict=True):
            descent.take(self._cost, norm)

    def _first_step(self, tried: bool) -> Tensor:
        """Takes the first step, and notes what it costs, which is asked for at the beginning of a phase."""
        counter = FlopCounter()
        counted = counter if self._descents[0].done == 0 else nullcontext()
        with counted:
            batches = self._batches()
        drawing = counter.total
        if not tried and not self._stacked.are_alike(batches):
            raise ValueError("they compute different things")
        with counted:
            losses = self._step(batches, 0)
        self._cost = Cost(drawing, counter.total - drawing, sum(map(len, batches)))
        self._norms = self._stacked.gradient_norms()
        return losses

    def _step(self, batches: Sequence[Examples], index: int) -> Tensor:
        first = self._descents[0]
        return self._stacked.step(batches, first.autocast, first.lr(first.done + index))

    def _batches(self) -> list[Examples]:
        return [self._stacked.draw(run, epoch) for run, epoch in enumerate(self._epochs)]


def _parts(descent: Descent) -> tuple[Train, Optimizer]:
    """What is trained, and what follows its gradients."""
    assert isinstance(descent.phase, Train)
    assert isinstance(descent.step, GradientStep)
    return descent.phase, descent.step.optimizer
