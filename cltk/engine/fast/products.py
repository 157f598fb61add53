"""Products of matrices on processors of which PyTorch's own library uses half."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["fast_products"]


@contextmanager
def fast_products() -> Iterator[None]:
    """Has oneDNN multiply float32 matrices within, where that is faster and as precise.

    MKL, which PyTorch takes for them, leaves AVX-512 alone on processors that are not Intel's. PyTorch asks oneDNN
    only where products may be rounded to bfloat16, and of what is float32 oneDNN rounds only what AMX multiplies: where
    there is AMX, all stays as it is.
    """
    if not torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
        yield
        return
    products = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = products.fp32_precision
    products.fp32_precision = "bf16"
    try:
        yield
    finally:
        products.fp32_precision = before
