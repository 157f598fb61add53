"""What training needs of the process that it runs in."""

from __future__ import annotations

import ctypes
import sys

import torch

__all__ = ["prepare_process"]

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of ``mallopt``, as glibc numbers them."""
_KEPT = 1 << 30
"""Bytes of freed memory that stay with the process."""
_OLDER = 1 << 25
"""The most that versions before 2.35 take for the threshold of mmap."""


def prepare_process(threads: int | None = None) -> None:
    """Sees to it that training is not slowed down by denormal numbers or by memory that comes and goes.

    Denormal numbers slow a trained VAE's matrix products on the CPU by a factor of 4 to 40. By default, glibc gives
    what a step frees back to the kernel, so that the next step meets every page as a new one: a twentieth of its time.

    Args:
        threads: Number of threads to compute with; None to leave it as it is.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        # Older versions take less; and setting one of the two alone would freeze the other where it is.
        if libc.mallopt(_MMAP_THRESHOLD, _KEPT) or libc.mallopt(_MMAP_THRESHOLD, _OLDER):
            libc.mallopt(_TRIM_THRESHOLD, _KEPT)
