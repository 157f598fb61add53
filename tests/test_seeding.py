"""Streams of randomness that never shift each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from cltk.api import Machine
from cltk.build import prepare
from cltk.engine import train
from cltk.experiment import Experiment
from cltk.interfaces import Streams
from cltk.seeding import derive_seed

MakeDigits = Callable[..., Experiment]

purposes = st.lists(st.one_of(st.text(max_size=5), st.integers(0, 9)), max_size=4).map(tuple)
seeds = st.integers(0, 2**63 - 1)


class TestSeeds:
    @given(seeds, purposes, purposes)
    def test_a_stream_is_its_name(self, seed: int, one: tuple[str | int, ...], other: tuple[str | int, ...]) -> None:
        assert (derive_seed(seed, *one) == derive_seed(seed, *other)) == (one == other)
        assert 0 <= derive_seed(seed, *one) < 2**63

    @given(seeds, purposes)
    def test_neighbouring_seeds_share_no_stream(self, seed: int, purpose: tuple[str | int, ...]) -> None:
        assert derive_seed(seed, *purpose) != derive_seed(seed + 1, *purpose)

    def test_it_is_the_same_on_every_machine(self) -> None:
        assert derive_seed(0, "task", 2, "order") == 9_032_946_570_658_883_742

    def test_numbers_and_words_are_told_apart(self) -> None:
        assert len({derive_seed(0, 1), derive_seed(0, "1"), derive_seed(1), derive_seed(0), derive_seed(0, "")}) == 5


class TestStreams:
    def test_a_longer_name_is_the_same_stream_however_it_was_put_together(self) -> None:
        whole = Streams(3).generator("task", 1, "order")
        parts = Streams(3).at("task", 1).at().generator("order")
        assert whole.initial_seed() == parts.initial_seed()

    def test_drawing_from_one_stream_leaves_the_others_alone(self) -> None:
        streams = Streams(0)
        torch.rand(5, generator=streams.generator("a"))
        assert torch.rand(1, generator=streams.generator("a")) == torch.rand(1, generator=streams.generator("a"))

    def test_a_scope_gives_the_global_generator_back_as_it_was(self) -> None:
        before = torch.get_rng_state()
        with Streams(0).scope("init"):
            inside = torch.rand(3)
        assert torch.equal(torch.get_rng_state(), before)
        with Streams(0).scope("init"):
            assert torch.equal(torch.rand(3), inside)
        with Streams(1).scope("init"):
            assert not torch.equal(torch.rand(3), inside)

    def test_a_scope_gives_it_back_after_an_error_too(self) -> None:
        before = torch.get_rng_state()
        with pytest.raises(RuntimeError), Streams(0).scope("init"):
            torch.rand(3) @ torch.rand(2)
        assert torch.equal(torch.get_rng_state(), before)


class Watched:
    """A run of two tasks, with the initial weights of a network and what it was trained on."""

    def __init__(self, experiment: Experiment, slot: str, seed: int = 0) -> None:
        run = prepare(experiment, Machine("cpu", threads=1)).assemble(seed)
        module: nn.Module = run.strategy.parts.modules[slot]
        self.initial = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        self.batches: list[Tensor] = []
        first = next(iter(module.children()))

        def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if module.training and torch.is_grad_enabled():
                self.batches.append(inputs[0].flatten(1))

        first.register_forward_pre_hook(note)
        for _ in train(run):
            pass
        self.sizes = run.info.sizes

    def current(self, batch_size: int = 128) -> list[Tensor]:
        """The current task's part of each batch, which comes first."""
        sizes = [min(batch_size, size - start) for size in self.sizes for start in range(0, size, batch_size)]
        assert len(sizes) == len(self.batches)
        return [batch[:size] for batch, size in zip(self.batches, sizes, strict=True)]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def same_weights(one: Watched, other: Watched) -> bool:
    return one.initial.keys() == other.initial.keys() and same([*one.initial.values()], [*other.initial.values()])


TWO = {"name": "split-digits", "tasks": 2, "per_class": 60}


@pytest.fixture(scope="module")
def reference(make_digits: MakeDigits) -> Watched:
    return Watched(make_digits(scenario=TWO), "classifier")


class TestPairing:
    """Ablations are paired: what one component draws never depends on another one."""

    @pytest.mark.parametrize(
        "swap",
        [
            {"generator": {"hidden": 16, "latent_dim": 5}},
            {"generator": {"hidden": [8, 8], "latent_dim": 9}},
            {"schedule": {"name": "fixed", "samples": 7}},
            {"schedule": {"name": "fixed", "samples": 0}},
            {"strategy": {"classifier": {"epochs": 1, "min_steps": 0}, "generator": {"epochs": 2, "min_steps": 0}}},
            {"strategy": {"name": "finetune", "classifier": {"epochs": 1, "min_steps": 0}}, "generator": None},
        ],
        ids=["latent", "hidden", "schedule", "no-replay", "budget", "strategy"],
    )
    def test_the_classifier_sees_the_same_current_samples(
        self, make_digits: MakeDigits, reference: Watched, swap: dict[str, object]
    ) -> None:
        other = Watched(make_digits(scenario=TWO, **swap), "classifier")
        assert same_weights(other, reference)
        assert same(other.current(), reference.current())

    def test_the_generator_does_not_notice_another_classifier(self, make_digits: MakeDigits) -> None:
        one, other = (
            Watched(make_digits(scenario=TWO, classifier={"hidden": hidden, "dropout": dropout}), "generator")
            for hidden, dropout in ((50, 0.1), ([20, 20], 0.5))
        )
        assert same_weights(one, other)
        assert same(one.current(), other.current())

    def test_another_seed_changes_both(self, make_digits: MakeDigits, reference: Watched) -> None:
        other = Watched(make_digits(scenario=TWO), "classifier", seed=1)
        assert not same_weights(other, reference)
        assert not any(torch.equal(a, b) for a, b in zip(other.current(), reference.current(), strict=True))
