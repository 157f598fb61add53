"""Of runs that are computed as one, each draws what it would draw alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import vmap

from cltk.engine.fast.apart import ApartError
from cltk.engine.fast.randomness import GlobalStream, OwnStreams
from cltk.interfaces import Streams

Draw = Callable[[Tensor, torch.Generator], Tensor]
RUNS = 3
DRAWS: dict[str, Draw] = {
    "shape": lambda x, rng: torch.rand(x.shape, generator=rng),
    "whole numbers": lambda x, rng: torch.randint(100, (5,), generator=rng),
    "parameters": lambda x, rng: torch.normal(2.0, 0.5, (4,), generator=rng),
    "like": lambda x, rng: torch.randn_like(x),
    "probabilities": lambda x, rng: torch.bernoulli(x, generator=rng),
    "in place": lambda x, rng: x.new_empty(6).uniform_(generator=rng),
    "in place, global": lambda x, rng: x.new_empty(6, dtype=torch.int64).random_(),
    "dropout": lambda x, rng: F.dropout(x, 0.4),
    "positional": lambda x, rng: torch.poisson(3 * x, generator=rng),
    "several results": lambda x, rng: torch.native_dropout(x, 0.4, True)[1].float(),
}


def _streams() -> list[Streams]:
    return [Streams(seed) for seed in range(RUNS)]


@pytest.mark.parametrize("name", DRAWS)
def test_each_run_draws_as_alone(name: str) -> None:
    def twice(x: Tensor, rng: torch.Generator) -> Tensor:
        return torch.stack([DRAWS[name](x, rng), DRAWS[name](x, rng)])

    images = torch.rand((RUNS, 4, 5), generator=torch.Generator().manual_seed(0))
    expected = []
    for streams, own in zip(_streams(), images, strict=True):
        with streams.scope("global"):
            expected.append(twice(own, streams.generator("loss")))
    rngs = [streams.generator("loss") for streams in _streams()]
    with OwnStreams(rngs[0], rngs, [GlobalStream(streams) for streams in _streams()]):
        drawn = vmap(lambda x: twice(x, rngs[0]), randomness="different")(images)
    assert torch.equal(drawn, torch.stack(expected))
    assert not torch.equal(drawn[0], drawn[1])


def test_a_stream_of_nobodys_own_is_refused() -> None:
    rngs, strange = [streams.generator("loss") for streams in _streams()], torch.Generator().manual_seed(8)
    with (
        OwnStreams(rngs[0], rngs, [GlobalStream(streams) for streams in _streams()]),
        pytest.raises(ApartError, match="nobody's own"),
    ):
        vmap(lambda x: x + torch.rand(2, generator=strange), randomness="different")(torch.zeros(RUNS, 2))


def test_noise_without_an_axis_for_the_runs_is_refused() -> None:
    rngs = [streams.generator("loss") for streams in _streams()]
    with (
        OwnStreams(rngs[0], rngs, [GlobalStream(streams) for streams in _streams()]),
        pytest.raises(ApartError, match="no axis"),
    ):
        vmap(lambda x: x[torch.randperm(len(x))], randomness="different")(torch.zeros(RUNS, 2))


def test_the_global_generator_is_lent_and_given_back() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    with Streams(7).scope("global"):
        own = torch.rand(4)
    torch.manual_seed(3)
    stream = GlobalStream(Streams(7))
    with stream.lent():
        first = torch.rand(2)
    with stream.spared():
        tried = torch.rand(2)
    with stream.lent():
        second = torch.rand(2)
    assert torch.equal(torch.cat([first, second]), own)
    assert torch.equal(tried, second)
    assert torch.equal(torch.rand(4), expected)
