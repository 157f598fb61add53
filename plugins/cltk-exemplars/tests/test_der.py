"""Dark experience replay: what it stores, what it replays, and that it keeps earlier tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, train
from cltk.errors import ConfigError
from cltk.events import TaskEnded
from cltk.interfaces import Examples, ScenarioInfo, Step
from cltk.testing import conformance_tests
from cltk_exemplars.der import DER
from cltk_exemplars.reservoir import Reservoir

INFO = ScenarioInfo((1, 2, 2), 4, (8, 8), ((0, 1), (2, 3)), "class")
BUDGET = {"epochs": 8, "min_steps": 0, "batch_size": 8, "optimizer": "sgd", "momentum": 0.5, "lr": 0.1}

test_der = conformance_tests(DER, {"buffer": 20, "replayed": 8, "classifier": BUDGET})
test_der_with_labels = conformance_tests(
    DER, {"buffer": 20, "beta": 0.5, "replayed": 8, "classifier": BUDGET | {"optimizer": "adam", "lr": 0.01}}
)


def make(tasks: int = 2, setting: str = "class", **settings: Any) -> Run:
    experiment = load(
        scenario={"name": "split-digits", "tasks": tasks, "setting": setting},
        strategy={"name": "der", "buffer": 50, **settings},
        classifier={"name": "mlp", "hidden": [100, 100], "dropout": 0.0},
    )
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def examples(n: int) -> Examples:
    """Images that tell by their grey which one they are."""
    grey = torch.arange(n).float() / 255
    return Examples(grey[:, None, None, None].expand(n, 1, 2, 2).contiguous(), torch.arange(n) % 4)


class TestReservoir:
    def test_it_holds_everything_until_it_is_full(self) -> None:
        reservoir = Reservoir(10, INFO, torch.device("cpu"))
        given, logits = examples(8), torch.rand(8, 4)
        reservoir.add(given, logits, torch.Generator().manual_seed(0))
        drawn, kept = reservoir.draw(100, torch.Generator().manual_seed(0))
        order = drawn.x[:, 0, 0, 0].argsort()
        torch.testing.assert_close(drawn.x[order], given.x)
        assert torch.equal(drawn.y[order], given.y)
        assert torch.equal(kept[order], logits)
        assert reservoir.bytes == 8 * (4 + 8 + 4 * 4)

    def test_values_that_are_not_to_be_rounded_come_back_as_they_were(self) -> None:
        reservoir = Reservoir(10, replace(INFO, value_bytes=4), torch.device("cpu"))
        given = Examples(torch.rand(8, 1, 2, 2), torch.zeros(8, dtype=torch.int64))
        reservoir.add(given, torch.rand(8, 4), torch.Generator())
        drawn, _ = reservoir.draw(8, torch.Generator())
        assert {*map(tuple, drawn.x.flatten(1).tolist())} == {*map(tuple, given.x.flatten(1).tolist())}

    def test_every_sample_has_the_same_chance_wherever_it_stands(self) -> None:
        counts = torch.zeros(60)
        for seed in range(600):
            reservoir, rng = Reservoir(20, INFO, torch.device("cpu")), torch.Generator().manual_seed(seed)
            for batch in torch.arange(60).split(7):
                reservoir.add(examples(60)[batch], torch.zeros(len(batch), 4), rng)
            assert len(reservoir) == 20
            stored, _ = reservoir.draw(20, rng)
            counts[(stored.x[:, 0, 0, 0] * 255).round().long()] += 1
        # 200 each are expected; five standard deviations of a binomial count are 58.
        assert float(counts.min()) > 142
        assert float(counts.max()) < 258


class TestDER:
    def test_stored_logits_are_those_of_the_step_before_it_changed_the_network(self) -> None:
        run = make(classifier=BUDGET | {"epochs": 1})
        phase = next(iter(run.strategy.phases(run.tasks[0], run.streams)))
        assert isinstance(phase, Step)
        batch, rng = run.tasks[0].train[:8], torch.Generator().manual_seed(0)
        with torch.no_grad():
            before = run.strategy.parts.classifier(batch.x)
        phase.step(batch, rng)
        assert isinstance(run.strategy, DER)
        _, stored = run.strategy.reservoir.draw(8, rng)
        assert torch.equal(stored.sort(0).values, before.sort(0).values)

    @pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.0), (0.0, 2.0), (0.5, 2.0)])
    def test_the_loss_is_cross_entropy_and_the_weighted_penalties(self, alpha: float, beta: float) -> None:
        # A rate so low that the network stays what it was; everything that is stored is replayed.
        run = make(alpha=alpha, beta=beta, replayed=50, classifier=BUDGET | {"lr": 1e-12})
        phase = next(iter(run.strategy.phases(run.tasks[0], run.streams)))
        assert isinstance(phase, Step)
        rng, classifier = torch.Generator().manual_seed(0), run.strategy.parts.classifier
        first, second = run.tasks[0].train[:8], run.tasks[0].train[8:16]
        plain = phase.step(first, rng)
        torch.testing.assert_close(plain, F.cross_entropy(classifier(first.x), first.y).detach())
        with torch.no_grad():
            for parameter in classifier.parameters():
                parameter.mul_(1.1)
        loss = phase.step(second, rng)
        assert isinstance(run.strategy, DER)
        everything, logits = run.strategy.reservoir.draw(50, rng)
        of_first = torch.tensor([any(torch.allclose(x, y, atol=0.01) for y in first.x) for x in everything.x])
        stored, logits, now = everything[of_first], logits[of_first], classifier(everything[of_first].x)
        expected = F.cross_entropy(classifier(second.x), second.y)
        expected = expected + alpha * F.mse_loss(now, logits) + beta * F.cross_entropy(now, stored.y)
        torch.testing.assert_close(loss, expected.detach())

    def test_it_keeps_the_first_task_which_the_task_alone_would_not(self) -> None:
        budget = BUDGET | {"epochs": 20, "momentum": 0.0}
        last = {}
        for beta in (0.0, 1.0):
            run = make(alpha=0.2, beta=beta, replayed=20, classifier=budget)
            last[beta] = [event.accuracy for event in train(run) if isinstance(event, TaskEnded)][-1]
        assert min(last[0.0]) > 0.7
        assert min(last[1.0]) > 0.8

    def test_what_it_replays_is_no_part_of_a_pass_over_the_task(self) -> None:
        budget = {"epochs": 1, "min_steps": 0}
        runs = [make(alpha=alpha, replayed=50, classifier=budget) for alpha in (0.2, 0.0)]
        with_replay, without = ([event for event in train(run) if isinstance(event, TaskEnded)] for run in runs)
        assert with_replay[1].operations > 5 * without[1].operations
        assert with_replay[1].single_pass == pytest.approx(without[1].single_pass, rel=0.1)

    def test_a_buffer_smaller_than_the_number_of_classes_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"9 images .* 10 classes"):
            make(tasks=5, buffer=9)
        make(tasks=5, buffer=10)
