"""Counting floating-point operations."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from cltk.engine.fast.factorisations import FACTORISATIONS
from cltk.engine.fast.layers import LAYERS

__all__ = ["FlopCounter"]

_PRODUCTS = dict.fromkeys(("mm", "bmm", "mv", "_int_mm"), 0) | dict.fromkeys(
    ("addmm", "addbmm", "baddbmm", "addmv", "_addmm_activation", "_sparse_addmm"), 1
)
"""Products by name, each with the place of the left factor among the arguments."""


class FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts those of products, convolutions, attention and factorisations in its ``with`` block, forward and back.

    A multiplication and an addition are two. Convolutions, recurrent and bilinear layers and attention cost what their
    products do; attention nothing less where pairs are masked, and on the way back it computes its scores once more.
    Distances between all rows of two matrices (``cdist``) cost what the product of the two does. For matrices of n
    columns and m >= n rows, taken to be dense and real, these are the leading terms of the usual algorithms (Golub &
    Van Loan 2013, Matrix Computations, 4th edition):

    - matrix times vector: 2mn
    - a triangular system with k right-hand sides: n²k
    - ``cholesky``: n³/3; ``cholesky_solve``: 2n²k; ``cholesky_inverse``: 2n³/3
    - ``lu``, ``det``, ``slogdet``: 2n³/3; ``lu_solve``: 2n²k; ``solve``, by LU: 2n³/3 + 2n²k; ``inv``: 2n³
    - ``qr``, by Householder: 2mn² - 2n³/3, and as much again for the reduced Q; ``lstsq``, by QR: 2mn² - 2n³/3 +
      (4mn - n²)k
    - ``eigh``: 9n³; ``svd``: 6mn² + 20n³, with full matrices 4m²n + 22n³; values alone count as much
    - ``pinv``: 2mn² more than the ``svd``, or the ``eigh``, that it is made of

    Not counted are elementwise operations, products of two vectors, which are such or nearly so, other factorisations,
    other functions of matrices, and what is computed outside of PyTorch.

    PyTorch's ``FlopCounterMode`` imports PyTorch's compiler, which takes longer than the start of everything else, and
    misses attention on processors, recurrent layers and factorisations.

    Attributes:
        total: Operations so far.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.is_inference_mode_enabled():  # There, what is made of other operations arrives as one.
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        result = func(*args, **kwargs)
        self.total += _operations(func._overloadpacket, args, kwargs, result)
        return result


def _operations(operation: Any, args: Any, kwargs: Any, result: Any) -> int:
    name = operation.__name__.rstrip("_")  # With one at its end, an operation is done in place.
    if name in _PRODUCTS:
        return _product(*args[_PRODUCTS[name] :][:2])
    formula = FACTORISATIONS.get(operation) or LAYERS.get(operation)
    return int(formula(result, *args, **kwargs)) if formula else 0


def _product(left: Tensor, right: Tensor) -> int:
    return 2 * left.numel() * (right.shape[-1] if right.ndim > 1 else 1)
