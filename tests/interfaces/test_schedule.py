"""Schedules that look back, and schedules that count by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from cltk.api import Machine, load
from cltk.build import Prepared, prepare
from cltk.engine import Run, Trainer, load_state, state_of, train
from cltk.errors import ConfigError
from cltk.events import EpochEnded, TaskEnded, TaskStarted
from cltk.interfaces import (
    Buffer,
    ConditionalGenerator,
    Examples,
    Past,
    ReplaySchedule,
    ScenarioInfo,
    Streams,
    Task,
    total,
)
from cltk.interfaces.component import Component
from cltk.runs.tensors import pack, unpack

QUICK = {"epochs": 2, "min_steps": 0}


class Plain(ReplaySchedule):
    def count(self, completed: int, current: int) -> int:
        return completed * current


class Anxious(ReplaySchedule):
    """Replays more, the more was forgotten."""

    seen: list[Past] = []  # noqa: RUF012 - a test looks at it

    def count(self, completed: int, current: int, past: Past) -> int:
        self.seen.append(past)
        return round(100 * (1 - past.accuracy[-1][0])) + past.replayed[-1]


class ByClass(ReplaySchedule):
    def count(self, completed: int, current: int) -> dict[int, int]:
        return {label: 3 + label for label in self.info.seen(completed)}


class Premature(ReplaySchedule):
    def count(self, completed: int, current: int) -> dict[int, int]:
        return {9: 1}


def prepared(strategy: str = "experience-replay", generator: str | None = None, validation: float = 0.2) -> Prepared:
    slots: dict[str, Any] = {
        "scenario": {"name": "split-digits", "tasks": 3, "per_class": 40, "validation": validation},
        "strategy": {"name": strategy, "classifier": QUICK},
    }
    if generator:
        slots["generator"] = generator
        slots["strategy"]["generator"] = QUICK
    return prepare(load(**slots), Machine("cpu", threads=1))


def run_of(schedule: type[ReplaySchedule], seed: int = 0, **options: Any) -> Run:
    run = prepared(**options).assemble(seed)
    slots = run.strategy.parts.slots
    assert isinstance(slots, dict)
    slots["schedule"] = schedule(Component.Config(), run.info)
    return Run(run.info, run.tasks, run.strategy, run.streams)


def test_whether_a_schedule_looks_back_is_seen_from_its_signature() -> None:
    assert not Plain.is_adaptive
    assert Anxious.is_adaptive
    assert not run_of(Plain, validation=0).strategy.is_adaptive


def test_it_sees_what_came_of_the_tasks_before() -> None:
    Anxious.seen.clear()
    run = run_of(Anxious)
    events = list(train(run))
    past = run.strategy.past
    ended = [event for event in events if isinstance(event, TaskEnded)]
    started = [event for event in events if isinstance(event, TaskStarted)]
    assert {len(seen.accuracy) for seen in Anxious.seen} == {1, 2}
    assert past.replayed == tuple(event.replayed for event in started)
    assert past.operations == tuple(event.operations for event in ended)
    losses = [event.loss for event in events if isinstance(event, EpochEnded) and event.task == 1]
    assert past.losses[1] == {"classifier": tuple(losses)}
    assert [len(row) for row in past.accuracy] == [3, 3, 3]
    # The validation data are other samples than the test data.
    assert past.accuracy != tuple(event.accuracy for event in ended)
    assert started[1].replayed == round(100 * (1 - past.accuracy[0][0]))


def test_the_past_comes_back_with_the_state() -> None:
    whole, other = run_of(Anxious), run_of(Anxious, seed=1)
    events, state = [], {}
    for event in train(whole):
        if isinstance(event, TaskEnded) and event.task == 1:
            state = unpack(pack(state_of(whole.strategy)))[0]
        if isinstance(event, TaskStarted | TaskEnded):
            events.append(event)
    load_state(other.strategy, state, completed=2)
    streams = Run(other.info, other.tasks, other.strategy, whole.streams)
    rest = [event for event in Trainer(streams, completed=2).events() if isinstance(event, TaskStarted)]
    assert rest == events[-2:-1]
    assert other.strategy.past == whole.strategy.past


def test_it_is_refused_where_nothing_is_held_out() -> None:
    with pytest.raises(ConfigError, match="none is held out"):
        run_of(Anxious, validation=0)


def test_a_buffer_replays_as_many_of_each_class_as_it_says() -> None:
    run = run_of(ByClass)
    started = [event.replayed for event in train(run) if isinstance(event, TaskStarted)]
    assert started[0] == 0
    assert started[1] == sum(3 + label for label in run.info.seen(1))
    for refresh in ("iteration", "task"):
        phase = next(iter(_again(run, refresh)))
        replayed = Counter(Examples.concat([*phase.batches.epoch(Streams(0))]).y.tolist())
        replayed -= Counter(run.tasks[2].train.y.tolist())
        assert replayed == {label: 3 + label for label in run.info.seen(2)}


def _again(run: Run, refresh: str) -> Any:
    strategy: Any = run.strategy
    config = strategy.config
    strategy.config = config.model_copy(update={"replay": config.replay.model_copy(update={"refresh": refresh})})
    return strategy.phases(run.tasks[2], run.streams.at("task", 2))


@pytest.mark.parametrize("generator", ["gaussian-mixture", "pca-gaussian"])
def test_a_conditional_generator_does_too(generator: str) -> None:
    run = run_of(ByClass, strategy="generative-replay", generator=generator)
    started = [event.replayed for event in train(run) if isinstance(event, TaskStarted)]
    assert started[2] == total(ByClass(Component.Config(), run.info).count(2, 1))


def test_a_generator_that_draws_no_class_is_refused() -> None:
    run = run_of(ByClass, strategy="generative-replay", generator="vae")
    with pytest.raises(ConfigError, match="VAE draws no samples of a class"):
        list(train(run))


def test_a_class_that_was_not_learned_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"the classes \[9\] after task 1"):
        list(train(run_of(Premature)))


class Uneven(ConditionalGenerator):
    """Draws class 1 ten times as often as class 0; an image is its label."""

    def loss(self, x: torch.Tensor, y: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        return x.flatten(1).sum(1) + torch.rand(len(x), generator=rng)

    def sample_labelled(self, n: int, rng: torch.Generator) -> Examples:
        labels = (torch.rand(n, generator=rng) < 0.9).long()
        return Examples(labels.float().view(n, 1, 1, 1), labels)


def test_samples_of_a_class_are_waited_for() -> None:
    labels = torch.tensor([0, 1, 0, 0, 1])
    assert Uneven().sample_of(labels, torch.Generator().manual_seed(0)).flatten().tolist() == labels.tolist()
    assert len(Uneven().sample_of(labels[:0], torch.Generator())) == 0


def test_a_score_depends_on_nothing_but_the_image() -> None:
    x, y = torch.rand(6, 1, 2, 2), torch.zeros(6, dtype=torch.int64)
    scores = Uneven().score(x, y)
    assert torch.equal(scores, Uneven().score(x, y))
    assert torch.equal(scores[[4, 2]], Uneven().score(x[[4, 2]], y[[4, 2]]))
    assert Uneven().score(x[:0], y[:0]).shape == (0,)


def test_a_buffer_draws_by_label() -> None:
    info = ScenarioInfo((1, 1, 1), 2, (8,), ((0, 1),), "class")
    buffer, y = Buffer(6, info, torch.device("cpu")), torch.tensor([0, 1] * 4)
    examples = Examples(torch.rand(8, 1, 1, 1), y)
    buffer.add(Task(0, (0, 1), examples, examples, examples), Streams(0))
    assert buffer.draw(torch.tensor([1, 1, 0]), torch.Generator()).y.tolist() == [1, 1, 0]


def test_amounts_add_up() -> None:
    amount: Mapping[int, int] = {0: 2, 4: 3}
    assert (total(amount), total(7), total({})) == (5, 7, 0)
