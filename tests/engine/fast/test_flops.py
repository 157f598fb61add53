"""Operations against the formulas that the counter documents."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, linalg, nn
from torch.nn import functional as F

from cltk.engine.fast.flops import FlopCounter

N, M, K = 6, 9, 4
RNG = torch.Generator().manual_seed(0)
TALL = torch.rand((M, N), generator=RNG)
SQUARE = TALL.mT @ TALL + torch.eye(N)
RIGHT = torch.rand((N, K), generator=RNG)
FACTOR = linalg.cholesky(SQUARE)
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
        (lambda: linalg.pinv(TALL), 6 * M * N**2 + 20 * N**3 + 2 * M * N**2),
        (lambda: linalg.pinv(SQUARE, hermitian=True), 9 * N**3 + 2 * N**3),
        (lambda: linalg.lstsq(TALL, TALL[:, :K]), THIN_QR + (4 * M * N - N**2) * K),
        (lambda: linalg.solve_triangular(FACTOR, RIGHT, upper=False), N**2 * K),
        (lambda: torch.cholesky_solve(RIGHT, FACTOR), 2 * N**2 * K),
        (lambda: torch.cholesky_inverse(FACTOR), 2 * N**3 // 3),
        (lambda: linalg.slogdet(SQUARE), 2 * N**3 // 3),
        (lambda: linalg.lu_factor(SQUARE), 2 * N**3 // 3),
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


BATCH = torch.rand((2, M, N), generator=RNG)
IMAGES = torch.rand((2, 4, 8, 8), generator=RNG)
FILTERS = torch.rand((6, 4, 3, 3), generator=RNG)
HEADS = torch.rand((2, 3, M, K), generator=RNG)
PRODUCT = 2 * M * N * K
SCORES = 2 * (2 * 3 * M * M * K)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda: TALL @ RIGHT, PRODUCT),
        (lambda: F.linear(TALL, RIGHT.mT, RIGHT[0]), PRODUCT),
        (lambda: F.linear(BATCH, RIGHT.mT, RIGHT[0]), 2 * PRODUCT),
        (lambda: torch.einsum("bmn,nk->bmk", BATCH, RIGHT), 2 * PRODUCT),
        (lambda: torch.bmm(BATCH, RIGHT.expand(2, N, K)), 2 * PRODUCT),
        (lambda: torch.addbmm(torch.zeros(M, K), BATCH, RIGHT.expand(2, N, K)), 2 * PRODUCT),
        (lambda: torch.zeros(M, K).addmm_(TALL, RIGHT), PRODUCT),
        (lambda: torch.zeros(2, M, K).baddbmm_(BATCH, RIGHT.expand(2, N, K)), 2 * PRODUCT),
        (lambda: torch.mm(TALL, RIGHT, out=torch.empty(M, K)), PRODUCT),
        (lambda: F.conv2d(IMAGES, FILTERS), 2 * 2 * 6 * 36 * 36),
        (lambda: F.conv2d(IMAGES, FILTERS[:4, :1], groups=4), 2 * 2 * 4 * 36 * 9),
        (lambda: F.conv_transpose2d(IMAGES, FILTERS.transpose(0, 1)), 2 * 2 * 4 * 64 * 54),
        (lambda: torch.conv_tbc(BATCH, torch.rand(2, N, K), torch.rand(K)), 2 * (M * K) * 2 * N),
        (lambda: F.bilinear(TALL, TALL, torch.rand(K, N, N), torch.rand(K)), 2 * M * K * N * N),
        (lambda: torch.cdist(TALL, RIGHT.mT), PRODUCT),
        (lambda: torch.cdist(TALL.repeat(30, 1), RIGHT.mT), 30 * PRODUCT),
        (lambda: torch.cdist(BATCH, BATCH, p=1), 2 * 2 * M * M * N),
        (lambda: torch.sparse.mm(TALL.to_sparse(), RIGHT), PRODUCT),
        (lambda: F.scaled_dot_product_attention(HEADS, HEADS, HEADS), 2 * SCORES),
        (lambda: F.scaled_dot_product_attention(HEADS, HEADS, HEADS, is_causal=True), 2 * SCORES),
    ],
)
def test_products_in_whichever_form(work: Callable[[], object], expected: int) -> None:
    assert counted(work) == expected
    with torch.inference_mode():
        assert counted(work) == expected


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.Conv2d(4, 4, 3, groups=4),
        lambda: nn.Conv2d(4, 6, 3, groups=2),
        lambda: nn.ConvTranspose2d(4, 6, 3, groups=2),
    ],
)
def test_both_gradients_of_a_convolution_cost_as_much_as_itself(layer: Callable[[], nn.Module]) -> None:
    network, images = layer(), IMAGES.clone().requires_grad_()
    forward = counted(lambda: network(images))
    assert counted(lambda: network(images).sum().backward()) == 3 * forward > 0


@pytest.mark.parametrize("rows", [4, 40])  # Few of them are compared pair by pair, more by a product.
def test_both_gradients_of_distances_cost_as_much_as_themselves(rows: int) -> None:
    x, y = torch.rand(rows, N, requires_grad=True), torch.rand(rows, N, requires_grad=True)
    assert counted(lambda: torch.cdist(x, y).sum().backward()) == 3 * 2 * rows * rows * N


def test_all_gradients_of_a_bilinear_layer_count() -> None:
    layer, x = nn.Bilinear(N, N, K, bias=False), TALL.clone().requires_grad_()
    assert counted(lambda: layer(x, x).sum().backward()) == 4 * 2 * M * K * N * N


def test_attention_computes_its_scores_again_on_the_way_back() -> None:
    query, key, value = (HEADS.clone().requires_grad_() for _ in range(3))
    work = F.scaled_dot_product_attention
    assert counted(lambda: work(query, key, value).sum().backward()) == (2 + 5) * SCORES


ATTENTION = 2 * (2 * M) * (4 * N * N) + 2 * (2 * 2 * M * M * N)
MULTIHEAD = nn.MultiheadAttention(N, 2, batch_first=True).eval()
ENCODER = nn.TransformerEncoderLayer(N, 2, dim_feedforward=8, batch_first=True).eval()
LSTM = nn.LSTM(N, 5, batch_first=True)


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda: MULTIHEAD(BATCH, BATCH, BATCH), ATTENTION),
        (lambda: ENCODER(BATCH), ATTENTION + 2 * (2 * M) * (2 * N * 8)),
        (lambda: LSTM(BATCH), 2 * (2 * M) * 4 * 5 * (N + 5)),
    ],
)
def test_what_pytorch_computes_in_one_go_counts_as_when_it_does_not(work: Callable[[], object], expected: int) -> None:
    """Without gradients it has a faster way for attention, and on processors one for LSTM in any case."""
    assert counted(work) == expected
    with torch.no_grad():
        assert counted(work) == expected
