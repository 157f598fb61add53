"""Whatever a strategy computes is counted, and a network may grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cltk.engine import Run, Trainer, load_state, state_of, train
from cltk.errors import PluginError
from cltk.events import EpochEnded, Event, PhaseStarted, TaskEnded
from cltk.interfaces import (
    Classifier,
    Component,
    Examples,
    Fit,
    Parts,
    Phase,
    ScenarioInfo,
    Shuffled,
    Step,
    Strategy,
    Streams,
    Task,
    Train,
    Training,
)

INFO = ScenarioInfo((1, 2, 2), 4, (8, 8), ((0, 1), (2, 3)), "class")
PRODUCT = 2 * 8 * 4 * 4
"""Operations of a product of eight rows of four with a 4x4 matrix."""


class Means(Classifier):
    """Fitted in closed form; no parameter asks for a gradient."""

    weight: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight


class Fitting(Strategy):
    """Computes something before, in, between and after its phases."""

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        x, weight = task.train.x.flatten(1), torch.eye(4)
        x = x @ weight
        yield self._fit("first", task)
        x = x @ weight
        yield self._fit("second", task)
        x @ weight

    def _fit(self, name: str, task: Task) -> Fit:
        def fit(samples: Examples, rng: torch.Generator) -> None:
            self.parts.classifier.weight += samples.x.flatten(1).T @ samples.x.flatten(1)  # type: ignore[operator]

        return Fit(name, self.parts.classifier, Shuffled(task.train, 3), fit)


class Growing(Classifier):
    """Has a unit for each class that it has heard of; those of the others are never the highest."""

    def __init__(self, info: ScenarioInfo) -> None:
        super().__init__()
        self.info, self.units = info, nn.ModuleDict()

    def begin_task(self, classes: Sequence[int]) -> None:
        for label in classes:
            self.units[str(label)] = nn.Linear(self.info.pixels, 1)

    def forward(self, x: Tensor) -> Tensor:
        columns = [
            self.units[str(label)](x.flatten(1)) if str(label) in self.units else x.new_full((len(x), 1), -1e9)
            for label in range(self.info.outputs)
        ]
        return torch.cat(columns, 1)


class Plain(Strategy):
    training = Training(epochs=2, min_steps=0, batch_size=3)

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        yield self.classifier_phase(Shuffled(task.train, 3), self.training)


class ClassByClass(Strategy):
    """A layer for each class, which learns that class alone, in one epoch."""

    slots = ()

    def __init__(self, config: Any, info: ScenarioInfo, parts: Parts) -> None:
        super().__init__(config, info, parts)
        self.layers = nn.ModuleList(nn.Linear(4, 1, bias=False) for _ in range(info.outputs))

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        for label in task.classes:
            own, layer = task.train[task.train.y == label], self.layers[label]

            def loss(batch: Examples, rng: torch.Generator, layer: nn.Module = layer) -> Tensor:
                return layer(batch.x.flatten(1)).squeeze(1).square()  # type: ignore[no-any-return]

            training = Training(epochs=1, min_steps=0, batch_size=3)
            yield Train(str(label), layer, Shuffled(own, 3), loss, training, own_samples=len(own))

    def predict(self, x: Tensor) -> Tensor:
        return torch.cat([layer(x.flatten(1)) for layer in self.layers], 1)


class Replaying(Strategy):
    """Each step trains on its batch and on twice as many samples that it draws itself, in one epoch."""

    def phases(self, task: Task, streams: Streams) -> Iterator[Phase]:
        classifier, batches = self.parts.classifier, Shuffled(task.train, 4)

        def step(batch: Examples, rng: torch.Generator) -> Tensor:
            loss = self.classification_loss(classifier(batch.x), batch).mean()
            for _ in range(2):
                loss = loss + self.classification_loss(classifier(batch.x), batch).mean()
            loss.backward()  # type: ignore[no-untyped-call]
            return loss

        training = Training(epochs=1, min_steps=0)
        yield Step("classifier", classifier, batches, step, training, replayed=2 * len(task.train))


def make_run(kind: type[Strategy], classifier: Classifier) -> Run:
    rng = torch.Generator().manual_seed(0)

    def part(index: int) -> Examples:
        return Examples(torch.rand((8, 1, 2, 2), generator=rng), torch.tensor(INFO.classes[index]).repeat(4))

    tasks = [Task(index, INFO.classes[index], part(index), part(index), part(index)) for index in range(2)]
    return Run(INFO, tasks, kind(Component.Config(), INFO, Parts({"classifier": classifier})), Streams(0))


def of_task(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind) and event.task == 0]


def test_fits_and_what_is_between_phases_are_counted() -> None:
    events = list(train(make_run(Fitting, Means())))
    fits = of_task(events, EpochEnded)
    assert [event.operations for event in fits] == [PRODUCT] * 2
    assert [event.per_sample for event in fits] == [PRODUCT // 8] * 2
    (ended,) = of_task(events, TaskEnded)
    assert ended.operations == 5 * PRODUCT
    assert ended.single_pass == 2 * PRODUCT


def test_a_pass_over_a_task_brings_each_sample_to_the_network_of_its_class_alone() -> None:
    (ended,) = of_task(list(train(make_run(ClassByClass, Means()))), TaskEnded)
    assert ended.single_pass == ended.operations == 8 * 2 * 2 * 4


def test_what_a_step_replays_is_no_part_of_a_pass_over_the_task() -> None:
    (ended,) = of_task(list(train(make_run(Replaying, Growing(INFO)))), TaskEnded)
    assert 3 * ended.single_pass == ended.operations > 0


def test_descent_without_parameters_says_what_is_wrong() -> None:
    with pytest.raises(PluginError, match="trains a Means of which no parameter asks for a gradient"):
        list(train(make_run(Plain, Means())))


def test_a_network_grows_and_comes_back_as_large_as_it_was() -> None:
    whole, other = make_run(Plain, Growing(INFO)), make_run(Plain, Growing(INFO))
    sizes: list[int] = []
    state: dict[str, Tensor] = {}
    for event in train(whole):
        if isinstance(event, TaskEnded):
            sizes.append(event.model_bytes)
            state = state or {name: tensor.clone() for name, tensor in state_of(whole.strategy).items()}
    assert sizes == [2 * 5 * 4, 4 * 5 * 4]
    load_state(other.strategy, state, completed=1)
    list(Trainer(other, completed=1).events())
    expected, came = state_of(whole.strategy), state_of(other.strategy)
    assert [*came] == [*expected]
    assert all(torch.equal(came[name], expected[name]) for name in expected)


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_a_budget_in_steps_is_kept_exactly(steps: int) -> None:
    run = make_run(Plain, Growing(INFO))
    rates: list[float] = []
    training = Training(epochs=50, min_steps=900, steps=steps, batch_size=3, lr_schedule="linear", lr=0.5)
    run.strategy.training = training  # type: ignore[attr-defined]
    original = Training.lr_at

    def noted(self: Training, at: float) -> float:
        rates.append(original(self, at))
        return rates[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Training, "lr_at", noted)
        events = list(train(run))
    assert rates[:steps] == pytest.approx([0.5 * (1 - step / steps) for step in range(steps)])
    assert len(rates) == 2 * steps
    (started,) = of_task(events, PhaseStarted)
    epochs = of_task(events, EpochEnded)
    assert started.epochs == len(epochs) == -(-steps // 3)
    whole = 3 * epochs[0].operations // min(steps, 3)
    assert sum(event.operations for event in epochs) == whole * steps // 3


def test_a_learning_rate_falls_in_a_straight_line() -> None:
    training = Training(lr=0.2, lr_schedule="linear")
    assert [training.lr_at(at) for at in (0, 0.25, 1)] == pytest.approx([0.2, 0.15, 0.0])
