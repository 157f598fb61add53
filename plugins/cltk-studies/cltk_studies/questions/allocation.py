"""A budget of replayed samples, and how it is spread over the tasks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from cltk.interfaces import ScenarioInfo

__all__ = ["BASELINES", "SHAPES", "allocations", "spend"]

SHAPES: Mapping[str, Callable[[ScenarioInfo], list[float]]] = {
    "zero": lambda info: [0.0] * (info.tasks - 1),
    "uniform": lambda info: [1.0] * (info.tasks - 1),
    "linear": lambda info: [task / max(1, info.tasks - 1) for task in range(1, info.tasks)],
    "equal": lambda info: [size / max(info.sizes) for size in info.sizes[1:]],
}
"""Weights in [0, 1] of all tasks but the first, which has nothing to replay: none; the same for each; in proportion to
the tasks completed; in proportion to the task's own samples."""

BASELINES = ("zero", "uniform", "linear")
"""The shapes that are always among the trials of a search."""


def spend(weights: Sequence[float], total: int) -> list[int]:
    """Counts in proportion to weights that add up to ``total`` exactly, by largest remainders.

    Args:
        weights: Numbers, 0 or more.
        total: What to spend; nothing is spent where all weights are 0.
    """
    largest = max(weights, default=0.0)
    if largest <= 0:
        return [0] * len(weights)
    scaled = [weight / largest for weight in weights]  # The sum of the smallest floats may well be 0.
    shares = [total * weight / math.fsum(scaled) for weight in scaled]
    counts = [math.floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda task: (counts[task] - shares[task], task))
    for task in by_remainder[: total - sum(counts)]:
        counts[task] += 1
    return counts


def allocations(info: ScenarioInfo, total: int) -> dict[str, list[int]]:
    """The counts of each shape, one a task, the first of them 0; all but ``zero`` spend ``total``."""
    return {name: [0, *spend(weights(info), total)] for name, weights in SHAPES.items()}
