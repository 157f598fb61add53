"""Counting floating-point operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["FlopCounter"]

_ATEN = torch.ops.aten
_PRODUCTS = (_ATEN.mm, _ATEN.addmm, _ATEN.bmm, _ATEN.mv, _ATEN.addmv)
_WITH_SUMMAND = (_ATEN.addmm, _ATEN.addmv)
_COUNTED = ("mm", "conv", "attention")
"""What the names of all operations have that PyTorch has a formula for."""


class FlopCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts those of products, convolutions, attention and factorisations in its ``with`` block, forward and back.

    A multiplication and an addition are two. For matrices of n columns and m >= n rows, dense and real, these are the
    leading terms of the usual algorithms (Golub & Van Loan 2013, Matrix Computations, 4th edition):

    - matrix times vector: 2mn
    - ``cholesky``: n³/3; ``inv``: 2n³; ``solve`` for k right-hand sides, by LU: 2n³/3 + 2n²k
    - ``qr``, by Householder: 2mn² - 2n³/3, and as much again for the reduced Q
    - ``eigh``: 9n³; ``svd``: 6mn² + 20n³, with full matrices 4m²n + 22n³; values alone count as much

    Not counted are elementwise operations, other factorisations, and what is computed outside of PyTorch.

    PyTorch's ``FlopCounterMode`` has the same formulas for what has none here, but imports PyTorch's compiler, which
    takes longer than the start of everything else. Its formulas import a part of that, and so only where they are used.

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
        result = func(*args, **(kwargs or {}))
        self.total += _operations(func._overloadpacket, args, kwargs or {}, result)
        return result


def _operations(operation: Any, args: Any, kwargs: Any, result: Any) -> int:
    if operation in _PRODUCTS:
        left = args[1] if operation in _WITH_SUMMAND else args[0]
        return int(2 * result.numel() * left.shape[-1])
    if operation in _FACTORISATIONS:
        return int(_FACTORISATIONS[operation](result, *args, **kwargs))
    if not any(part in operation.__name__ for part in _COUNTED):
        return 0
    from torch.utils.flop_counter import flop_registry

    formula = flop_registry.get(operation)
    return formula(*args, **kwargs, out_val=result) if formula else 0


def _sizes(matrices: Tensor) -> tuple[int, int, int]:
    """How many there are, and the longer and the shorter side of each."""
    long, short = max(matrices.shape[-2:]), min(matrices.shape[-2:])
    return matrices.numel() // max(long * short, 1), long, short


def _cholesky(result: Any, a: Tensor, **_: Any) -> float:
    count, n, _n = _sizes(a)
    return float(count * n**3 / 3)


def _inverse(result: Any, a: Tensor, **_: Any) -> float:
    count, n, _n = _sizes(a)
    return float(count * 2 * n**3)


def _solution(result: Any, a: Tensor, b: Tensor, **_: Any) -> float:
    count, n, _n = _sizes(a)
    return float(count * 2 * n**3 / 3 + 2 * n * result[0].numel())


def _orthogonal(result: Any, a: Tensor, mode: str = "reduced") -> float:
    count, (m, n) = _sizes(a)[0], a.shape[-2:]
    k = min(m, n)
    formed = {"r": 0, "reduced": k, "complete": m}[mode]
    return count * (_reflections(m, n, k) + (_reflections(m, formed, k) if formed else 0))


def _reflections(m: int, n: int, k: int) -> float:
    """Of k Householder reflections, each shorter by one, of a matrix of m rows and n columns."""
    return float(4 * m * n * k - 2 * (m + n) * k**2 + 4 * k**3 / 3)


def _eigen(result: Any, a: Tensor, *_: Any) -> float:
    count, n, _n = _sizes(a)
    return float(count * 9 * n**3)


def _singular(result: Any, a: Tensor, full_matrices: bool = False, *_: Any, **__: Any) -> float:
    count, m, n = _sizes(a)
    return float(count * (4 * m**2 * n + 22 * n**3 if full_matrices else 6 * m * n**2 + 20 * n**3))


_FACTORISATIONS: dict[Any, Callable[..., float]] = {
    _ATEN.linalg_cholesky_ex: _cholesky,
    _ATEN.linalg_inv_ex: _inverse,
    _ATEN._linalg_solve_ex: _solution,
    _ATEN.linalg_qr: _orthogonal,
    _ATEN._linalg_eigh: _eigen,
    _ATEN._linalg_svd: _singular,
}
