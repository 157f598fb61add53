"""A training step as a CUDA graph: one launch instead of a hundred, each of which would take longer than its work."""

from __future__ import annotations

import os
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
    """Whether to try to make CUDA graphs of a phase's steps: on a GPU, where ``CLTK_CAPTURE`` is 1.

    It is off by default: it has been measured on no GPU yet, and the noise that a captured step draws is another.
    """
    return os.environ.get("CLTK_CAPTURE") == "1" and phase.device.type == "cuda"


class CapturedStep:
    """A step that is captured once a shape of its batches has come up a few times, and replayed from then on.

    One that cannot be captured, as it waits for the GPU in between or has other kernels for other values, is taken one
    kernel at a time instead.

    Args:
        step: What to capture.
        parameters: Whose gradients it sets.
        rng: What it draws from beside the global generator; the same object whenever it is seeded anew.
    """

    def __init__(self, step: TakeStep, parameters: Sequence[nn.Parameter], rng: torch.Generator) -> None:
        self._step = step
        self._parameters = parameters
        self._rng = rng
        self._seen: Counter[tuple[int, ...]] = Counter()
        self._graphs: dict[tuple[int, ...], _Graph] = {}
        self._fails = False

    def __call__(self, batch: Examples) -> Tensor:
        """Takes the step. What it returns is overwritten by the next one."""
        shape = tuple(column.numel() for column in batch.columns)
        self._seen[shape] += 1
        if self._fails:
            return self._step(batch)
        if self._seen[shape] <= _WARM:
            return _aside(self._step, batch)
        if shape not in self._graphs and not self._capture(shape, batch):
            return self._step(batch)
        return self._graphs[shape](batch)

    @property
    def graphs(self) -> int:
        """Number of shapes whose steps are replayed from a graph."""
        return len(self._graphs)

    def _capture(self, shape: tuple[int, ...], batch: Examples) -> bool:
        """Tries to capture the step for batches of a shape; nothing is trained by that."""
        before = self._rng.get_state()
        try:
            self._graphs[shape] = _Graph(self._step, self._parameters, self._rng, batch)
        except RuntimeError:
            self._fails = True
            self._rng.set_state(before)
        return not self._fails


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
    finally:
        torch.cuda.set_stream(current)
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
