"""How fast this machine multiplies matrices at this moment."""

from __future__ import annotations

import time

import torch

__all__ = ["matrix_peak"]

SIDE = 1024
REPEATS = 8


def matrix_peak() -> float:
    """Floating-point operations a second in the fastest of a few float32 products of 1024 x 1024."""
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        torch.matmul(a, b)
        seconds.append(time.perf_counter() - started)
    return 2 * SIDE**3 / min(seconds)
