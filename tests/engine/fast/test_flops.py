"""Operations of linear algebra against the formulas that the counter documents."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, linalg

from cltk.engine.fast.flops import FlopCounter

N, M, K = 6, 9, 4
RNG = torch.Generator().manual_seed(0)
TALL = torch.rand((M, N), generator=RNG)
SQUARE = TALL.mT @ TALL + torch.eye(N)
RIGHT = torch.rand((N, K), generator=RNG)
THIN_QR = 2 * M * N**2 - 2 * N**3 // 3


def counted(work: Callable[[], object]) -> int:
    with FlopCounter() as counter:
        work()
    return counter.total


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda: TALL @ TALL[0], 2 * M * N),
        (lambda: torch.addmv(TALL[:, 0], TALL, TALL[0]), 2 * M * N),
        (lambda: linalg.cholesky(SQUARE), N**3 // 3),
        (lambda: linalg.inv(SQUARE), 2 * N**3),
        (lambda: linalg.solve(SQUARE, RIGHT), 2 * N**3 // 3 + 2 * N**2 * K),
        (lambda: linalg.solve(SQUARE, RIGHT[:, 0]), 2 * N**3 // 3 + 2 * N**2),
        (lambda: linalg.qr(TALL, "r"), THIN_QR),
        (lambda: linalg.qr(TALL), 2 * THIN_QR),
        (lambda: linalg.eigh(SQUARE), 9 * N**3),
        (lambda: linalg.svd(TALL, full_matrices=False), 6 * M * N**2 + 20 * N**3),
        (lambda: linalg.svd(TALL.mT, full_matrices=False), 6 * M * N**2 + 20 * N**3),
        (lambda: linalg.svd(TALL), 4 * M**2 * N + 22 * N**3),
    ],
)
def test_formulas(work: Callable[[], object], expected: int) -> None:
    assert counted(work) == expected


@pytest.mark.parametrize("factorise", [linalg.cholesky, linalg.inv, linalg.qr, linalg.eigh, linalg.svd])
def test_several_matrices_count_as_many_times(factorise: Callable[[Tensor], object]) -> None:
    several = SQUARE.expand(2, 5, N, N).contiguous()
    assert counted(lambda: factorise(several)) == 10 * counted(lambda: factorise(SQUARE)) > 0


def test_so_do_several_equations() -> None:
    several, right = SQUARE.expand(5, N, N).contiguous(), RIGHT.expand(5, N, K).contiguous()
    assert counted(lambda: linalg.solve(several, right)) == 5 * counted(lambda: linalg.solve(SQUARE, RIGHT))


def test_the_backward_pass_counts() -> None:
    """The gradient of the vector is a product with the transpose."""
    vector = torch.rand(N, requires_grad=True)
    assert counted(lambda: (TALL @ vector).sum().backward()) == 2 * (2 * M * N)
