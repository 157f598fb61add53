"""Pixels that are drawn from grey ones."""

from __future__ import annotations

import torch

from cltk.interfaces import Drawn, Examples, Shuffled, Streams, draw_pixels


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_pixels_are_0_or_1_as_often_as_their_grey_value_says() -> None:
    grey = torch.tensor([0.0, 0.001, 0.25, 0.5, 0.9])
    drawn = draw_pixels(grey.expand(200_000, 5), rng())
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert drawn.dtype == grey.dtype
    assert drawn[:, 0].sum() == 0
    torch.testing.assert_close(drawn.mean(0), grey, atol=0.005, rtol=0.0)
    assert float(drawn[:, 1].mean()) < 0.0015


def test_white_stays_white_but_for_one_in_65536() -> None:
    assert draw_pixels(torch.ones(1, 1, 1000, 1000), rng()).mean() > 1 - 1e-4


def test_shapes_of_any_size_keep_them() -> None:
    for shape in [(0, 1, 8, 8), (1, 3, 5, 7), (7,)]:
        assert draw_pixels(torch.full(shape, 0.5), rng()).shape == shape


def test_the_same_stream_draws_the_same_pixels() -> None:
    grey = torch.full((4, 1, 8, 8), 0.5)
    assert torch.equal(draw_pixels(grey, rng()), draw_pixels(grey, rng()))
    assert not torch.equal(draw_pixels(grey, rng()), draw_pixels(grey, rng(1)))


def test_neighbouring_pixels_are_drawn_apart() -> None:
    drawn = draw_pixels(torch.full((100_000, 4), 0.5), rng())
    correlation = torch.corrcoef(drawn.T) - torch.eye(4)
    assert float(correlation.abs().max()) < 0.02


def test_batches_are_drawn_anew_in_each_epoch_and_leave_the_samples_alone() -> None:
    grey = torch.full((10, 1, 4, 4), 0.5)
    batches = Drawn(Shuffled(Examples(grey, torch.arange(10)), 4))
    first, again, next_epoch = (Examples.concat(list(batches.epoch(Streams(0).at(epoch)))) for epoch in (1, 1, 2))
    assert torch.equal(first.x, again.x)
    assert not torch.equal(first.x, next_epoch.x)
    assert sorted(first.y.tolist()) == list(range(10))
    assert bool((grey == 0.5).all())
    assert (batches.samples, batches.steps) == (10, 3)
