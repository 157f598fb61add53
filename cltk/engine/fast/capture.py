"""A training step as a CUDA graph: one launch instead of a hundred, each of which would take longer than its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor, nn

from cltk.interfaces import Examples, Train

__all__ = ["CapturedStep", "TakeStep", "may_capture"]

TakeStep = Callable[[Examples], Tensor]
"""From a batch to its loss, a scalar; the gradients and the parameters change on the way."""

_WARM = 3
"""Steps of a shape before its capture; PyTorch chooses kernels and sets up libraries in them."""


def may_capture(phase: Train) -> bool:
    """Whether a phase's steps can become CUDA graphs: on a GPU, where its networks are made for it."""
    return phase.capturable and phase.device.type == "cuda"


class CapturedStep:
    """A step that is captured once a shape of its batches has come up a few times, and replayed from then on.

    Args:
        step: Runs the same kernels for every batch of a shape, and never waits for the GPU.
        parameters: Whose gradients it sets.
        rng: What it draws from beside the global generator; the same object whenever it is seeded anew.
    """

    def __init__(self, step: TakeStep, parameters: Sequence[nn.Parameter], rng: torch.Generator) -> None:
        self._step = step
        self._parameters = parameters
        self._rng = rng
        self._seen: Counter[tuple[int, bool, bool]] = Counter()
        self._graphs: dict[tuple[int, bool, bool], _Graph] = {}

    def __call__(self, batch: Examples) -> Tensor:
        """Does the step. What it returns is overwritten by the next one."""
        shape = (len(batch), batch.weight is None, batch.soft is None)
        self._seen[shape] += 1
        if self._seen[shape] <= _WARM:
            return _aside(self._step, batch)
        if shape not in self._graphs:
            self._graphs[shape] = _Graph(self._step, self._parameters, self._rng, batch)
        return self._graphs[shape](batch)


class _Graph:
    """The step for batches of one shape."""

    def __init__(
        self, step: TakeStep, parameters: Sequence[nn.Parameter], rng: torch.Generator, batch: Examples
    ) -> None:
        own = self._batch = batch.map(torch.clone)
        self._parameters = parameters
        self._loss, self._replay = _record(lambda: step(own), rng)
        self._gradients = [parameter.grad for parameter in parameters]

    def __call__(self, batch: Examples) -> Tensor:
        for ours, theirs in zip(self._batch.columns, batch.columns, strict=True):
            ours.copy_(theirs)
        self._replay()
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient  # Steps of another shape have theirs elsewhere.
        return self._loss


def _record(work: Callable[[], Tensor], rng: torch.Generator) -> tuple[Tensor, Callable[[], None]]:
    """Captures work without doing it; returns where its result will be, and what does it.

    Raises:
        RuntimeError: The work waits for the GPU.
    """
    graph, current = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
    graph.register_generator_state(rng)
    try:
        with torch.cuda.graph(graph, stream=_side_stream()):
            result = work()
    except RuntimeError as error:
        torch.cuda.set_stream(current)
        raise RuntimeError(f"a training step that is said to be capturable is not: {error}") from error
    return result, graph.replay


def _aside(step: TakeStep, batch: Examples) -> Tensor:
    """Does a step on another stream, as PyTorch asks for before a capture."""
    current, side = torch.cuda.current_stream(), _side_stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):
        loss = step(batch)
    current.wait_stream(side)
    return loss


@cache
def _side_stream() -> torch.cuda.Stream:
    """The one other stream of this process: libraries keep memory for each."""
    return torch.cuda.Stream()  # type: ignore[no-untyped-call]
