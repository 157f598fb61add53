"""CutMix: each class's share of the label is its share of the pixels."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from cltk.interfaces import SOFT_ONLY, Examples
from cltk_baselines.cutmix import cutmix

OUTPUTS = 6


def batch(size: int, height: int, width: int) -> Examples:
    """Images all of whose pixels say the position in the batch, which is the label too."""
    x = torch.arange(float(size)).view(size, 1, 1, 1).expand(size, 1, height, width)
    return Examples(x, torch.arange(size))


@given(st.integers(0, 2**32), st.integers(1, OUTPUTS), st.integers(1, 12), st.integers(1, 12))
def test_shares_are_those_of_the_pixels(seed: int, size: int, height: int, width: int) -> None:
    mixed = cutmix(batch(size, height, width), 1.0, OUTPUTS, torch.Generator().manual_seed(seed))
    assert mixed.soft is not None
    assert mixed.y.tolist() == [SOFT_ONLY] * size
    shares = torch.stack([(mixed.x == label).flatten(1).float().mean(1) for label in range(OUTPUTS)], dim=1)
    torch.testing.assert_close(mixed.soft, shares)
    torch.testing.assert_close(mixed.soft.sum(1), torch.ones(size))


def test_a_rectangle_is_pasted() -> None:
    for seed in range(50):
        mixed = cutmix(batch(4, 8, 8), 1.0, OUTPUTS, torch.Generator().manual_seed(seed))
        for label, image in enumerate(mixed.x[:, 0]):
            rows, columns = (image != label).nonzero(as_tuple=True)
            if len(rows):
                area = (rows.max() - rows.min() + 1) * (columns.max() - columns.min() + 1)
                assert len(rows) == area


def test_the_probability_is_the_share_of_batches_mixed() -> None:
    def mixed(seed: int, probability: float) -> bool:
        return cutmix(batch(4, 8, 8), probability, OUTPUTS, torch.Generator().manual_seed(seed)).soft is not None

    assert not any(mixed(seed, 0.0) for seed in range(20))
    assert all(mixed(seed, 1.0) for seed in range(20))
    assert 60 < sum(mixed(seed, 0.4) for seed in range(200)) < 100


def test_the_batch_itself_stays_as_it_was() -> None:
    given_batch = batch(4, 8, 8)
    copy = given_batch.x.clone()
    cutmix(given_batch, 1.0, OUTPUTS, torch.Generator().manual_seed(0))
    assert torch.equal(given_batch.x, copy)
