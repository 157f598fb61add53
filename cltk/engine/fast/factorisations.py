"""What factorising matrices, and solving equations with them, costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

__all__ = ["FACTORISATIONS"]

_ATEN = torch.ops.aten


def _sizes(matrices: Tensor) -> tuple[int, int, int]:
    """How many there are, and the longer and the shorter side of each."""
    long, short = max(matrices.shape[-2:]), min(matrices.shape[-2:])
    return matrices.numel() // max(long * short, 1), long, short


def _cubes(factor: int, divisor: int = 1) -> Callable[..., float]:
    """So many n³ for each square matrix, which is the first argument."""

    def formula(result: Any, a: Tensor, *_: Any, **__: Any) -> float:
        count, n, _n = _sizes(a)
        return count * factor * n**3 / divisor

    return formula


def _triangles(factor: int, place: int) -> Callable[..., float]:
    """So many triangular systems of n² operations for each right-hand side; and where the arguments have the matrix."""

    def formula(result: Any, *args: Any, **_: Any) -> float:
        solution = result if isinstance(result, Tensor) else result[0]
        return float(factor * args[place].shape[-1] * solution.numel())

    return formula


def _solution(result: Any, a: Tensor, b: Tensor, **_: Any) -> float:
    count, n, _n = _sizes(a)
    return float(count * 2 * n**3 / 3 + 2 * n * result[0].numel())


def _least_squares(result: Any, a: Tensor, b: Tensor, *_: Any, **__: Any) -> float:
    count, m, n = _sizes(a)
    columns = b.numel() // max(b.shape[-2], 1) if b.ndim == a.ndim else count
    return count * (2 * m * n**2 - 2 * n**3 / 3) + columns * (4 * m * n - n**2)


def _orthogonal(result: Any, a: Tensor, mode: str = "reduced") -> float:
    count, (m, n) = _sizes(a)[0], a.shape[-2:]
    k = min(m, n)
    formed = {"r": 0, "reduced": k, "complete": m}[mode]
    return count * (_reflections(m, n, k) + (_reflections(m, formed, k) if formed else 0))


def _reflections(m: int, n: int, k: int) -> float:
    """Of k Householder reflections, each shorter by one, of a matrix of m rows and n columns."""
    return float(4 * m * n * k - 2 * (m + n) * k**2 + 4 * k**3 / 3)


def _singular(result: Any, a: Tensor, full_matrices: bool = False, *_: Any, **__: Any) -> float:
    count, m, n = _sizes(a)
    return float(count * (4 * m**2 * n + 22 * n**3 if full_matrices else 6 * m * n**2 + 20 * n**3))


def _pseudoinverse(result: Any, a: Tensor, *_: Any, hermitian: bool = False, **__: Any) -> float:
    count, m, n = _sizes(a)
    factorised = count * 9 * n**3 if hermitian else _singular(None, a)
    return factorised + count * 2 * m * n**2


FACTORISATIONS: Mapping[Any, Callable[..., float]] = {
    _ATEN.linalg_cholesky_ex: _cubes(1, 3),
    _ATEN.cholesky_solve: _triangles(2, place=1),
    _ATEN.cholesky_inverse: _cubes(2, 3),
    _ATEN.linalg_solve_triangular: _triangles(1, place=0),
    _ATEN.triangular_solve: _triangles(1, place=1),
    _ATEN.linalg_inv_ex: _cubes(2),
    _ATEN._linalg_solve_ex: _solution,
    _ATEN.linalg_lu: _cubes(2, 3),
    _ATEN.linalg_lu_factor_ex: _cubes(2, 3),
    _ATEN.linalg_lu_solve: _triangles(2, place=0),
    _ATEN._linalg_det: _cubes(2, 3),
    _ATEN._linalg_slogdet: _cubes(2, 3),
    _ATEN.linalg_lstsq: _least_squares,
    _ATEN.linalg_qr: _orthogonal,
    _ATEN._linalg_eigh: _cubes(9),
    _ATEN._linalg_svd: _singular,
    _ATEN.linalg_pinv: _pseudoinverse,
}
"""From an operation's result and arguments to its cost, as the docstring of ``FlopCounter`` says it."""
