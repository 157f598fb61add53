"""A VAE for each class: what is trained, what is kept, and that nothing learned drifts."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import torch

import cltk
from cltk.api import Machine
from cltk.build import prepare
from cltk.engine import Run, load_state, state_of, train
from cltk.errors import PluginError
from cltk.events import EpochEnded, Event, TaskEnded
from cltk.interfaces import Examples
from cltk.testing import conformance_tests
from cltk.testing.sequences import info_of
from cltk_vae.class_vae import ClassVAE
from cltk_vae.packed import pack
from cltk_vae.perceptron import perceptron

SMALL = {"hidden": [16], "latent_dim": 3, "mixture": 2}
BUDGET = {"steps": 150, "batch_size": 32, "lr": 3e-3}

test_conformance = conformance_tests(ClassVAE, SMALL)
test_conformance_in_few_bits = conformance_tests(ClassVAE, SMALL | {"bits": 8})
test_conformance_with_a_standard_normal = conformance_tests(ClassVAE, SMALL | {"mixture": 0})


def make(tasks: int = 2, bits: int = 32, setting: str = "class", **replay: Any) -> Run:
    """A run on tasks of the digits whose classifier hardly learns."""
    experiment = cltk.load(
        scenario={"name": "split-digits", "tasks": tasks, "setting": setting},
        strategy={
            "name": "generative-replay",
            "replay": {"rehearse_generator": False, "labels": "own", **replay},
            "classifier": {"epochs": 1, "min_steps": 0},
            "generator": BUDGET,
        },
        generator={"name": "class-vae", "hidden": [32], "latent_dim": 4, "mixture": 2, "bits": bits},
    )
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def generator_of(run: Run) -> ClassVAE:
    generator = run.strategy.parts.generator
    assert isinstance(generator, ClassVAE)
    return generator


@dataclass(frozen=True)
class Trained:
    """A run that is over, its events, and the state of the generator after each task."""

    run: Run
    events: list[Event]
    states: list[dict[str, torch.Tensor]]


@cache
def trained(rehearse: bool = False, bits: int = 32) -> Trained:
    run = make(rehearse_generator=rehearse, bits=bits)
    done = Trained(run, [], [])
    for event in train(run):
        done.events.append(event)
        if isinstance(event, TaskEnded):
            state = generator_of(run).state_dict()
            done.states.append({name: tensor.clone() for name, tensor in state.items()})
    return done


@pytest.mark.parametrize("rehearse", [True, False])
def test_what_is_learned_is_never_touched_again(rehearse: bool) -> None:
    """Whether replay reaches the generator or not."""
    first, last = trained(rehearse).states
    assert all(torch.equal(last[name], tensor) for name, tensor in first.items())
    assert len(last) == 2 * len(first)


def test_encoders_are_dropped() -> None:
    assert {name.partition(".")[0] for name in trained().states[-1]} == {"decoders", "priors"}
    assert not generator_of(trained().run)._encoders


def test_what_is_kept_grows_with_the_classes_and_is_counted() -> None:
    sizes = [event.parameters["generator"] for event in trained().events if isinstance(event, TaskEnded)]
    decoder = 4 * 32 + 32 + 32 * 64 + 64
    prior = 2 + 2 * 4 + 2 * 4 * 4 + 1
    assert sizes == [5 * (decoder + prior), 10 * (decoder + prior)]


def test_on_mnist_a_class_takes_as_many_parameters_as_the_documentation_says() -> None:
    generator = ClassVAE(ClassVAE.Config(), info_of((1, 28, 28), "class"))
    generator.begin_task((0,))
    assert sum(parameter.numel() for parameter in generator.parameters()) == 103_312
    assert sum(buffer.numel() for buffer in generator.buffers()) == 2_731


def test_samples_look_like_their_class() -> None:
    """The nearest mean image of the training data is mostly that of the class that was asked for."""
    run = trained().run
    whole = Examples.concat([task.train for task in run.tasks])
    means = torch.stack([whole.x[whole.y == label].mean(0) for label in range(10)]).flatten(1)
    labels = torch.arange(10).repeat(20)
    images = generator_of(run).sample_of(labels, torch.Generator().manual_seed(0)).flatten(1)
    assert float((torch.cdist(images, means).argmin(1) == labels).float().mean()) > 0.8


def test_classes_are_drawn_evenly_from_those_learned() -> None:
    generator = copy.deepcopy(generator_of(trained().run))
    generator.priors["3"].fitted.zero_()  # type: ignore[operator]
    drawn = generator.sample_labelled(1000, torch.Generator().manual_seed(0))
    counts = torch.bincount(drawn.y, minlength=10).tolist()
    assert counts[3] == 0
    assert min(counts[:3] + counts[4:]) > 70


def test_the_prior_is_a_phase_of_its_own() -> None:
    phases = [(event.task, event.phase) for event in trained().events if isinstance(event, EpochEnded)]
    names = ("classifier", "generator", "prior")
    assert list(dict.fromkeys(phases)) == [(task, name) for task in (0, 1) for name in names]


@pytest.mark.parametrize("bits", [32, 16, 8])
def test_a_state_goes_into_another_run(bits: int) -> None:
    one, other = trained(bits=bits).run, make(bits=bits)
    load_state(other.strategy, state_of(one.strategy), completed=2)
    rngs = [torch.Generator().manual_seed(0) for _ in range(2)]
    samples = [generator_of(run).sample(20, rng) for run, rng in zip((one, other), rngs, strict=True)]
    assert torch.equal(*samples)


class TestBits:
    @pytest.mark.parametrize(("bits", "error"), [(16, 1 / 2048), (8, 1 / 254)])
    def test_a_weight_comes_back_within_the_error_that_is_promised(self, bits: Any, error: float) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = perceptron(6, 20, 30)
        packed, codes = pack(network, bits), torch.eye(6)
        layer = network[0]
        assert isinstance(layer, torch.nn.Linear)
        largest = layer.weight.abs().amax(1)
        assert ((packed[0](codes) - layer(codes)).abs() <= largest * error * 1.01).all()
        assert torch.allclose(packed(codes), network(codes), atol=10 * error)

    def test_a_unit_without_weights_stays_one(self) -> None:
        network = perceptron(3, 2)
        torch.nn.init.zeros_(network[0].weight)  # type: ignore[arg-type]
        assert torch.equal(pack(network, 8)(torch.ones(1, 3)), network(torch.ones(1, 3)))

    def test_bytes_are_those_of_what_is_kept(self) -> None:
        kept = {bits: _sizes(trained(bits=bits)) for bits in (32, 16, 8)}
        weights, biases = 10 * (4 * 32 + 32 * 64), 10 * (32 + 64)
        assert kept[32] - kept[16] == 2 * weights
        assert kept[32] - kept[8] == 3 * weights - 4 * biases  # A scale for each unit.

    def test_samples_are_nearly_the_same(self) -> None:
        labels = torch.arange(10).repeat(5)
        full, half, quarter = (
            generator_of(trained(bits=bits).run).sample_of(labels, torch.Generator().manual_seed(0))
            for bits in (32, 16, 8)
        )
        assert 0 < float((full - half).abs().mean()) < 0.001
        assert float((full - half).abs().mean()) < float((full - quarter).abs().mean()) < 0.02


def _sizes(done: Trained) -> int:
    return [event.sizes["generator"] for event in done.events if isinstance(event, TaskEnded)][-1]


def test_there_is_nothing_to_draw_before_the_first_class() -> None:
    generator = ClassVAE(ClassVAE.Config(), info_of((1, 8, 8), "class"))
    with pytest.raises(PluginError, match="no class"):
        generator.sample(1, torch.Generator())


class TestClassesThatComeBack:
    """Two tasks of the same five labels, which stand for other digits in each."""

    @staticmethod
    @cache
    def made() -> tuple[Run, dict[str, torch.Tensor]]:
        """The run, and the state of its generator after the first task."""
        run, first = make(setting="domain"), dict[str, torch.Tensor]()
        for event in train(run):
            if isinstance(event, TaskEnded) and not first:
                first = {name: tensor.clone() for name, tensor in generator_of(run).state_dict().items()}
        return run, first

    def test_they_get_another_model_and_the_first_stays(self) -> None:
        run, first = self.made()
        assert [*generator_of(run).decoders] == [*"01234", "0-2", "1-2", "2-2", "3-2", "4-2"]
        last = generator_of(run).state_dict()
        assert all(torch.equal(last[name], tensor) for name, tensor in first.items())

    def test_both_models_are_drawn_from_in_any_order(self) -> None:
        run, _ = self.made()
        tasks = [[task.train.x[task.train.y == label].mean(0) for label in range(5)] for task in run.tasks]
        means = torch.stack([mean for task in tasks for mean in task]).flatten(1)
        labels = torch.arange(5).repeat(40)
        images = generator_of(run).sample_of(labels, torch.Generator().manual_seed(0)).flatten(1)
        nearest = torch.cdist(images, means).argmin(1)
        assert float((nearest % 5 == labels).float().mean()) > 0.8
        for part in (nearest[:100], nearest[100:]):
            assert 0.35 < float((part >= 5).float().mean()) < 0.65

    def test_an_image_of_either_task_is_likely(self) -> None:
        run, _ = self.made()
        generator, rng = generator_of(run), torch.Generator().manual_seed(0)
        for task in run.tasks:
            right = generator.loss(task.train.x, task.train.y, rng).mean()
            assert float(right) + 1 < float(generator.loss(task.train.x, (task.train.y + 1) % 5, rng).mean())

    def test_a_state_goes_into_another_run(self) -> None:
        run, other = self.made()[0], make(setting="domain")
        load_state(other.strategy, state_of(run.strategy), completed=2)
        rngs = [torch.Generator().manual_seed(0) for _ in range(2)]
        samples = [generator_of(each).sample(20, rng) for each, rng in zip((run, other), rngs, strict=True)]
        assert torch.equal(*samples)
