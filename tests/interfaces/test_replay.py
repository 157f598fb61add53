"""How current and replayed samples meet: the counts, and the 1/N rule."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cltk.interfaces import Examples, Replay, Streams, mix_replay

REPLAYED = 9
"""The label of replayed samples."""

sizes = st.integers(1, 200)
batch_sizes = st.integers(1, 64)


def samples(n: int, label: int = 0) -> Examples:
    """Samples whose pixel says which one they are."""
    return Examples(torch.arange(float(n)).view(n, 1, 1, 1), torch.full((n,), label))


def fresh(n: int, rng: torch.Generator) -> Examples:
    return Examples(torch.rand((n, 1, 1, 1), generator=rng), torch.full((n,), REPLAYED))


def losses_of(batch: Examples) -> torch.Tensor:
    """Some loss that differs from sample to sample."""
    return (batch.x.flatten() * 7).sin() + 2 + batch.y


class TestCounts:
    @given(sizes, st.integers(0, 500), batch_sizes)
    def test_fresh_replay_adds_up_to_the_count(self, current: int, count: int, batch_size: int) -> None:
        batches = mix_replay(samples(current), fresh, count, batch_size, (1.0, 1.0))
        epoch = list(batches.epoch(Streams(0)))
        assert len(epoch) == batches.steps == math.ceil(current / batch_size)
        assert sum(len(batch) for batch in epoch) == batches.samples == current + count
        assert sum(int((batch.y == REPLAYED).sum()) for batch in epoch) == count

    @given(sizes, st.integers(0, 500), batch_sizes)
    def test_fresh_replay_is_spread_evenly(self, current: int, count: int, batch_size: int) -> None:
        batches = mix_replay(samples(current), fresh, count, batch_size, (1.0, 1.0))
        replayed = own = 0
        for batch in batches.epoch(Streams(0)):
            replayed += int((batch.y == REPLAYED).sum())
            own += int((batch.y == 0).sum())
            assert 0 <= replayed - own * count / current < 1

    @given(sizes, st.integers(1, 500), batch_sizes, st.integers(1, 9))
    def test_replay_drawn_ahead_changes_no_batch_but_what_is_in_it(
        self, current: int, count: int, batch_size: int, ahead: int
    ) -> None:
        calls: list[int] = []

        def noted(n: int, rng: torch.Generator) -> Examples:
            calls.append(n)
            return Examples(
                torch.arange(sum(calls) - n, sum(calls)).view(n, 1, 1, 1).float(), torch.full((n,), REPLAYED)
            )

        one_by_one = mix_replay(samples(current), fresh, count, batch_size, (1.0, 1.0))
        at_once = mix_replay(samples(current), noted, count, batch_size, (1.0, 1.0), ahead)
        drawn = list(at_once.epoch(Streams(0)))
        for one, other in zip(one_by_one.epoch(Streams(0)), drawn, strict=True):
            assert torch.equal(one.y, other.y)
            assert torch.equal(one.x[one.y == 0], other.x[other.y == 0])
        whole = Examples.concat(drawn)
        assert whole.x[whole.y == REPLAYED].flatten().tolist() == list(range(count))
        assert len(calls) == 1 + math.ceil((at_once.steps - 1) / ahead)

    @given(sizes, batch_sizes)
    def test_equal_counts_are_equal_in_every_iteration(self, current: int, batch_size: int) -> None:
        for batch in mix_replay(samples(current), fresh, current, batch_size, (1.0, 1.0)).epoch(Streams(0)):
            assert (batch.y == 0).sum() == (batch.y == REPLAYED).sum()

    @given(sizes, st.integers(1, 200), batch_sizes)
    def test_a_replay_set_joins_the_data(self, current: int, count: int, batch_size: int) -> None:
        batches = mix_replay(samples(current), samples(count, REPLAYED), count, batch_size, (1.0, 1.0))
        epoch = Examples.concat(list(batches.epoch(Streams(0))))
        assert batches.steps == math.ceil((current + count) / batch_size)
        for label, size in ((0, current), (REPLAYED, count)):
            assert epoch.x[epoch.y == label].flatten().sort().values.tolist() == list(range(size))

    def test_fresh_replay_is_fresh_in_each_epoch(self) -> None:
        batches = mix_replay(samples(10), fresh, 10, 5, (1.0, 1.0))
        one, other = (Examples.concat(list(batches.epoch(Streams(0).at(epoch)))) for epoch in (1, 2))
        assert not torch.equal(one.x[one.y == REPLAYED], other.x[other.y == REPLAYED])

    def test_no_replay_leaves_the_task_alone(self) -> None:
        for replay in (samples(0, REPLAYED), fresh):
            batch = next(mix_replay(samples(10), replay, 0, 10, (1.0, 1.0)).epoch(Streams(0)))
            assert batch.weight is None
            assert len(batch) == 10


class TestWeights:
    @given(st.integers(1, 20), sizes, st.integers(1, 500), batch_sizes, st.sampled_from(["iteration", "task"]))
    def test_the_loss_of_an_epoch_is_weighed_1_to_n(
        self, completed: int, current: int, count: int, batch_size: int, refresh: str
    ) -> None:
        replay = Replay(refresh=refresh)  # type: ignore[arg-type]
        weights = replay.weights(completed, current, count)
        source = samples(count, REPLAYED) if refresh == "task" else fresh
        batches = mix_replay(samples(current), source, count, batch_size, weights)
        epoch = list(batches.epoch(Streams(0)))
        total = sum(float(batch.mean(losses_of(batch))) * len(batch) for batch in epoch) / batches.samples
        whole = Examples.concat(epoch)
        losses, replayed = losses_of(whole), whole.y == REPLAYED
        n = completed + 1
        expected = 1 / n * losses[~replayed].mean() + (1 - 1 / n) * losses[replayed].mean()
        assert total == pytest.approx(float(expected), rel=1e-4)

    @pytest.mark.parametrize("completed", [1, 2, 4])
    def test_so_is_that_of_every_batch_where_counts_are_equal(self, completed: int) -> None:
        weights = Replay().weights(completed, 30, 30)
        n = completed + 1
        for batch in mix_replay(samples(30), fresh, 30, 8, weights).epoch(Streams(0)):
            losses, replayed = losses_of(batch), batch.y == REPLAYED
            expected = 1 / n * losses[~replayed].mean() + (1 - 1 / n) * losses[replayed].mean()
            assert float(batch.mean(losses)) == pytest.approx(float(expected), rel=1e-6)

    @given(st.integers(1, 20), sizes, st.integers(1, 500), st.sampled_from(["task", "sample"]))
    def test_weights_average_to_1(self, completed: int, current: int, count: int, weighting: str) -> None:
        own, theirs = Replay(weighting=weighting).weights(completed, current, count)  # type: ignore[arg-type]
        assert (own * current + theirs * count) / (current + count) == pytest.approx(1)
        assert weighting == "task" or own == theirs == 1

    def test_without_replay_every_sample_counts_1(self) -> None:
        assert Replay().weights(completed=3, current=10, count=0) == (1.0, 1.0)
