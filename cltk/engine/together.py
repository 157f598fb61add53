"""Training several runs of one experiment side by side: where they are alike, as one batched model."""

from __future__ import annotations

import logging
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from cltk.engine.descent import Cost, Descent
from cltk.engine.fast.apart import ApartError
from cltk.engine.fast.flops import FlopCounter
from cltk.engine.fast.optimizers import Optimizer
from cltk.engine.fast.products import fast_products
from cltk.engine.fast.stacked import Stacked
from cltk.engine.steps import GradientStep
from cltk.interfaces import Examples, Streams, Train

__all__ = ["EpochDue", "Together"]

_LOG = logging.getLogger(__name__)


class EpochDue:
    """An epoch that is about to be trained: alone, when it is asked for, unless it was trained with others before that.

    Attributes:
        descent: What is trained.
        streams: Where the randomness of the epoch comes from.
        position: How far the run is: the task, the phase in it and the epoch in that.
        together: Number of runs that were trained as one.
        seconds: What training took, of all of them; 0 until then.
    """

    def __init__(self, descent: Descent, streams: Streams, position: tuple[int, int, int]) -> None:
        self.descent = descent
        self.streams = streams
        self.position = position
        self.together = 1
        self.seconds = 0.0
        self._losses: Tensor | None = None

    def train(self) -> Tensor:
        """Trains it, unless that is done; returns the loss of each step."""
        if self._losses is None:
            started = time.perf_counter()
            self._losses = self.descent.epoch(self.streams)
            self.seconds = time.perf_counter() - started
        return self._losses

    def note(self, losses: Tensor, together: int, seconds: float) -> None:
        """Takes note that it was trained as one with others."""
        self._losses, self.together, self.seconds = losses, together, seconds


class Together:
    """Trains an epoch of each of several runs, those that are alike as one; others are left to train alone.

    Runs are alike where the steps of a phase compute the same, of networks of the same shapes: that is tried with the
    first batch that they train on together. Each has its own streams, as it has alone, so that what comes out is the
    same but for rounding.

    Source: Bradbury et al. 2018, http://github.com/jax-ml/jax, for functions of a batch made of functions of one.

    Attributes:
        reasons: Why the runs of a phase were trained apart, in some epoch at least, by the name of the phase.
    """

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self._found: Mapping[tuple[Descent, ...], bool] = {}

    def train(self, epochs: Sequence[EpochDue]) -> None:
        """Trains an epoch of each, as far as there is another one like it."""
        found: dict[tuple[Descent, ...], bool] = {}
        for group in _groups(epochs):
            if len(group) > 1:
                descents = tuple(epoch.descent for epoch in group)
                found[descents] = self._found.get(descents, True) and self._train(group, tried=descents in self._found)
            elif len(epochs) > 1:
                self._note(group[0], "they differ in size")
        self._found = found  # Of these alone: what is over is not kept alive.

    def _train(self, epochs: Sequence[EpochDue], *, tried: bool) -> bool:
        """Trains epochs as one; returns whether that went well, and leaves the runs as they are where it did not."""
        started = time.perf_counter()
        try:
            joint = _JointEpoch([epoch.descent for epoch in epochs], [epoch.streams for epoch in epochs])
            losses, first = joint.train(tried=tried)
        except Exception as reason:  # What is wrong with one run is met again when it trains alone.
            _LOG.debug("Phase '%s' is trained apart.", epochs[0].descent.phase.name, exc_info=reason)
            self._note(epochs[0], _in_words(reason))
            return False
        joint.hand_back(first)
        for epoch, own in zip(epochs, losses.unbind(1), strict=True):
            epoch.note(own, len(epochs), time.perf_counter() - started)
        return True

    def _note(self, epoch: EpochDue, reason: str) -> None:
        self.reasons.setdefault(epoch.descent.phase.name, reason)


def _in_words(reason: Exception) -> str:
    """Why runs are trained apart, for the user; what PyTorch says of it is about its own parts."""
    if isinstance(reason, ApartError):
        return str(reason)
    if isinstance(reason, torch.OutOfMemoryError):
        return "there is too little memory for all of them at once"
    return "its steps cannot be computed for several seeds at once"


def _groups(epochs: Iterable[EpochDue]) -> Iterator[list[EpochDue]]:
    """The epochs of several runs, those together that may be alike as far as can be told from outside."""
    groups = defaultdict[tuple[object, ...], list[EpochDue]](list)
    for epoch in epochs:
        descent = epoch.descent
        phase, batches = descent.phase, descent.phase.batches
        named = (*phase.module.named_parameters(), *phase.module.named_buffers())
        tensors = tuple((name, tensor.shape, tensor.dtype, tensor.requires_grad) for name, tensor in named)
        extent = (batches.samples, batches.steps, descent.done, descent.due, descent.total)
        groups[phase.name, phase.training, extent, tensors].append(epoch)
    yield from groups.values()


@dataclass(frozen=True, slots=True)
class _FirstStep:
    """What is known once the first step is taken: what it cost, and the norm of each run's gradient, (S,)."""

    cost: Cost
    norms: Tensor


class _JointEpoch:
    """An epoch of S runs as one, on copies: they have it only when it is handed back."""

    def __init__(self, descents: Sequence[Descent], streams: Sequence[Streams]) -> None:
        parts = [_parts(descent) for descent in descents]
        for phase, _ in parts:
            phase.module.train()
        self._descents = descents
        self._stacked = Stacked(parts, streams)
        self._epochs = [descent.batches(own) for descent, own in zip(descents, streams, strict=True)]

    def train(self, *, tried: bool) -> tuple[Tensor, _FirstStep]:
        """Takes all steps; returns their losses, (steps, S), and what is known of the first one.

        Args:
            tried: Whether the runs are known to compute the same.

        Raises:
            Exception: They do not, or what they compute has no batched form.
        """
        with fast_products(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "There is a performance drop")  # Then it does one run after the other.
            losses, first = self._first_step(tried)
            others = [self._step(self._batches(), index) for index in range(1, self._descents[0].due)]
        return torch.stack([losses, *others]), first

    def hand_back(self, first: _FirstStep) -> None:
        """Gives each run what was trained."""
        self._stacked.hand_back()
        for descent, norm in zip(self._descents, first.norms, strict=True):
            descent.note_epoch(first.cost, norm)

    def _first_step(self, tried: bool) -> tuple[Tensor, _FirstStep]:
        """Takes the first step; what it costs is counted at the beginning of a phase, and 0 later."""
        counter = FlopCounter()
        counted = counter if self._descents[0].done == 0 else nullcontext()
        with counted:
            batches = self._batches()
        drawing = counter.total
        if not tried and not self._stacked.are_alike(batches):
            raise ApartError("they compute different things")
        with counted:
            losses = self._step(batches, 0)
        cost = Cost(drawing, counter.total - drawing, sum(map(len, batches)))
        return losses, _FirstStep(cost, self._stacked.gradient_norms())

    def _step(self, batches: Sequence[Examples], index: int) -> Tensor:
        first = self._descents[0]
        return self._stacked.step(batches, first.autocast, first.lr(first.done + index))

    def _batches(self) -> list[Examples]:
        return [self._stacked.draw(run, epoch) for run, epoch in enumerate(self._epochs)]


def _parts(descent: Descent) -> tuple[Train, Optimizer]:
    """What is trained, and what follows its gradients.

    Raises:
        ApartError: It cannot be trained as one with others.
    """
    phase, step = descent.phase, descent.step
    if not (isinstance(phase, Train) and isinstance(step, GradientStep)):
        raise ApartError("its steps are its author's")
    if step.optimizer.heads:
        raise ApartError("heads of other tasks are to be forgotten at the first step")
    return phase, step.optimizer
