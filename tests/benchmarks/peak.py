"""How fast this machine multiplies matrices at this moment, and the clock that benchmarks of single steps go by."""

from __future__ import annotations

import time

import torch

__all__ = ["matrix_peak", "seconds"]

SIDE = 1024
REPEATS = 8


def seconds() -> float:
    """A clock: with one thread that of the process, which stands still while others have its core."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def matrix_peak() -> float:
    """Floating-point operations a second in the fastest of a few float32 products of 1024 x 1024.

    As PyTorch has them by default; within ``fast_products``, as training has them.
    """
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    taken = []
    for _ in range(REPEATS):
        started = seconds()
        torch.matmul(a, b)
        taken.append(seconds() - started)
    return 2 * SIDE**3 / min(taken)
