"""What a strategy holds is saved, weighed and put back by the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cltk.engine import Run, Trainer, load_state, state_of, train, weigh
from cltk.errors import PluginError
from cltk.events import EpochEnded, TaskEnded
from cltk.interfaces import (
    Buffer,
    Classifier,
    Component,
    Examples,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Strategy,
    Streams,
    Task,
    Train,
    Training,
    freeze,
)
from cltk.runs.tensors import pack, unpack

INFO = ScenarioInfo((1, 2, 2), 4, (8, 8), ((0, 1), (2, 3)), "class")
QUICK = Training(epochs=2, min_steps=0, batch_size=4)


class Linear(Classifier):
    def __init__(self, info: ScenarioInfo) -> None:
        super().__init__()
        self.layer = nn.Linear(info.pixels, info.outputs)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.layer(x.flatten(1))
        return logits


class Plain(Strategy):
    """Trains its classifier."""

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        yield self.classifier_phase(Shuffled(task.train, 4), QUICK)


class NoSlots(Strategy):
    """Has no component in any slot, and three networks of its own."""

    slots = ()

    def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.main = Linear(info)
        self.others: Mapping[str, Any] = {"a": Linear(info), "b": [Linear(info)]}
        self.again = self.main.layer

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        for name, module in (("main", self.main), ("b", self.others["b"][0])):
            yield _training(name, module, task)

    def predict(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            scores: Tensor = self.main(x)
            return scores


class Elastic(Plain):
    """Keeps two tensors for each parameter, and a buffer."""

    def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.buffer = Buffer(3, info, self.device)
        self.fisher: dict[str, Tensor] = {}

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        phase = self.classifier_phase(Shuffled(task.train, 4), QUICK)
        fisher = sum((value.sum() for value in self.fisher.values()), torch.zeros(()))
        yield Train(
            "classifier", phase.module, phase.batches, lambda b, rng: phase.loss(b, rng) * (1 + fisher), phase.training
        )
        named = self.parts.classifier.named_parameters()
        self.fisher = {name: parameter.detach().square() for name, parameter in reversed([*named])}

    def state_dict(self) -> dict[str, Tensor]:
        return dict(self.fisher)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.fisher = dict(state)


class OldStyle(Elastic):
    """As the docstrings said once: the networks are in its state too."""

    def state_dict(self) -> dict[str, Tensor]:
        networks = {f"classifier.{name}": tensor for name, tensor in self.parts.classifier.state_dict().items()}
        return super().state_dict() | networks

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        own = {name: tensor for name, tensor in state.items() if not name.startswith("classifier.")}
        super().load_state_dict(own)
        below = {name.removeprefix("classifier."): tensor for name, tensor in state.items() if name not in own}
        self.parts.classifier.load_state_dict(below)


class Distilling(Plain):
    """Keeps a frozen copy of its classifier over tasks, which is not there when it is built."""

    def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.teacher: Classifier | None = None
        self.all: list[Classifier] = []

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        phase, teacher = self.classifier_phase(Shuffled(task.train, 4), QUICK), self.teacher

        def loss(batch: Examples, rng: torch.Generator) -> Tensor:
            losses: Tensor = phase.loss(batch, rng)
            return losses if teacher is None else losses * (1 + teacher(batch.x).square().sum(1))

        yield Train("classifier", phase.module, phase.batches, loss, phase.training)
        self.teacher = freeze(self.parts.classifier)
        self.all.append(freeze(self.parts.classifier))


class Strange(Plain):
    """Makes a network of another shape on the way."""

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        yield from super().phases(task, streams)
        self.adapter = nn.Linear(3, 3)


def _training(name: str, module: Linear, task: Task) -> Train:
    def loss(batch: Examples, rng: torch.Generator) -> Tensor:
        return torch.nn.functional.cross_entropy(module(batch.x), batch.y, reduction="none")

    return Train(name, module, Shuffled(task.train, 4), loss, QUICK)


def make(kind: type[Strategy], seed: int = 0) -> Strategy:
    with Streams(seed).scope("init"):
        slots: dict[Any, Any] = {"classifier": Linear(INFO)} if "classifier" in kind.slots else {}
        return kind(Component.Config(), INFO, Parts(slots))


def run_of(strategy: Strategy) -> Run:
    rng = torch.Generator().manual_seed(0)

    def part(index: int) -> Examples:
        return Examples(torch.rand((8, 1, 2, 2), generator=rng), torch.tensor(INFO.classes[index]).repeat(4))

    tasks = [Task(index, INFO.classes[index], part(index), part(index), part(index)) for index in range(2)]
    return Run(INFO, tasks, strategy, Streams(0))


def saved(strategy: Strategy) -> dict[str, Tensor]:
    """As it comes back from a file."""
    return unpack(pack(state_of(strategy)))[0]


ALL = [Plain, NoSlots, Elastic, OldStyle, Distilling]


@pytest.mark.parametrize("kind", ALL)
def test_a_strategy_goes_on_after_a_task_as_if_nothing_had_been(kind: type[Strategy]) -> None:
    whole = make(kind)
    state = None
    for event in train(run_of(whole)):
        if isinstance(event, TaskEnded) and event.task == 0:
            state = saved(whole)
    assert state is not None
    other = make(kind, seed=1)
    load_state(other, state)
    list(Trainer(run_of(other), completed=1).events())
    expected, came = state_of(whole), state_of(other)
    assert [*came] == [*expected]
    assert all(torch.equal(came[name], expected[name]) for name in expected)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_it_goes_on_within_a_task_too(kind: type[Strategy], epochs: int) -> None:
    whole, cut, other = make(kind), make(kind), make(kind, seed=1)
    list(train(run_of(whole)))
    trainer, left, state = Trainer(run_of(cut)), epochs, None
    for event in trainer.events():
        left -= isinstance(event, EpochEnded)
        if isinstance(event, TaskEnded):
            state = saved(cut)
        if left == 0:
            break
    progress, completed = trainer.resume_point(), int(state is not None)
    load_state(other, make_state(kind) if state is None else state)
    list(Trainer(run_of(other), completed, progress).events())
    expected, came = state_of(whole), state_of(other)
    assert all(torch.equal(came[name], expected[name]) for name in expected)


def make_state(kind: type[Strategy]) -> dict[str, Tensor]:
    return saved(make(kind))


def test_networks_are_named_by_where_they_are_held() -> None:
    networks = make(NoSlots).networks
    assert [*networks] == ["module.main", "module.others.a", "module.others.b.0"]
    assert [*make(Plain).networks] == ["classifier"]


def test_containers_and_names_with_dots_are_told_apart() -> None:
    class Adapted(Plain):
        """Has an adapter for each layer, by the layer's name, and the last two networks."""

        def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
            super().__init__(config, info, parts)
            self.adapters = {"0": Linear(info), "0.layer": Linear(info)}
            self.last = deque([Linear(info), Linear(info)], maxlen=2)

    adapted, other = make(Adapted), make(Adapted)
    assert len(adapted.networks) == 5
    load_state(other, saved(adapted))
    assert all(torch.equal(tensor, state_of(adapted)[name]) for name, tensor in state_of(other).items())


def test_each_thing_is_weighed_once() -> None:
    linear = 4 * (4 * 4 + 4)
    assert weigh(make(NoSlots)).model == 3 * linear
    elastic = make(Elastic)
    assert (weigh(elastic).model, weigh(elastic).extras) == (linear, 0)
    list(train(run_of(elastic)))
    assert (weigh(elastic).model, weigh(elastic).extras) == (linear, linear)
    old = make(OldStyle)
    list(train(run_of(old)))
    assert weigh(old) == weigh(elastic)


def test_what_a_task_reports_has_the_extras_apart() -> None:
    ended = [event for event in train(run_of(make(Elastic))) if isinstance(event, TaskEnded)]
    assert [(event.model_bytes, event.buffer_bytes, event.extra_bytes) for event in ended] == [(80, 0, 80)] * 2


def test_stored_samples_among_the_extras_are_weighed_as_samples() -> None:
    class Hoarding(Elastic):
        def buffer_bytes(self) -> int:
            return super().buffer_bytes() + sum(tensor.nbytes for tensor in self.fisher.values())

    hoarding = make(Hoarding)
    list(train(run_of(hoarding)))
    assert (weigh(hoarding).buffer, weigh(hoarding).extras) == (80, 0)


def test_extras_that_nobody_takes_back_are_refused() -> None:
    class Forgetful(Plain):
        def state_dict(self) -> dict[str, Tensor]:
            return {"fisher": torch.ones(1)}

    with pytest.raises(PluginError, match="no load_state_dict"):
        state_of(make(Forgetful))


def test_a_network_that_cannot_be_made_again_is_refused() -> None:
    strange = make(Strange)
    list(train(run_of(strange)))
    with pytest.raises(PluginError, match="a network in 'adapter'"):
        load_state(make(Strange), saved(strange))


def test_tensors_come_back_in_order_and_apart() -> None:
    shared = torch.arange(6.0)
    tensors = {"z": shared, "a": shared[:2], "10": shared.view(2, 3), "9": torch.empty(0), "t": shared.view(2, 3).t()}
    back, texts = unpack(pack(tensors, {"note": "x"}))
    assert [*back] == [*tensors]
    assert texts == {"note": "x"}
    assert all(torch.equal(back[name], tensor) for name, tensor in tensors.items())
    assert unpack(pack({})) == ({}, {})


def test_a_frozen_strategy_predicts_what_it_did() -> None:
    strategy, x = make(Plain), torch.rand(5, 1, 2, 2)
    frozen = freeze(strategy)
    before = strategy.predict(x)
    list(train(run_of(strategy)))
    assert torch.equal(frozen.predict(x), before)
    assert not torch.equal(strategy.predict(x), before)
    assert not any(parameter.requires_grad for parameter in frozen.parts.classifier.parameters())
    assert all(parameter.requires_grad for parameter in strategy.parts.classifier.parameters())
