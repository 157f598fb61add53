"""Optimizers that are not reset go on over tasks, and over interruptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate

import pytest
import torch
from torch import Tensor, nn

from cltk.engine import Run, Trainer, load_state, state_of, train, weigh
from cltk.errors import ConfigError
from cltk.events import EpochEnded, TaskEnded
from cltk.interfaces import Training

MakeRun = Callable[..., Run]
SETTINGS = {"epochs": 2, "min_steps": 0, "batch_size": 5}
KEPT = Training(**SETTINGS, reset_optimizer=False)


def copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in state.items()}


def after_task(run: Run, task: int) -> dict[str, Tensor]:
    ends = (event for event in train(run) if isinstance(event, TaskEnded) and event.task == task)
    next(ends)
    return copied(state_of(run.strategy))


def assert_equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    assert [*one] == [*other]
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_steps_are_counted_over_tasks_where_the_optimizer_is_kept(make_run: MakeRun) -> None:
    run = make_run(training=KEPT)
    steps = [
        int(run.strategy.optimizer_state["classifier.0.2"]) for event in train(run) if isinstance(event, TaskEnded)
    ]
    of_task = [KEPT.total_steps(-(-size // 5)) for size in run.info.sizes]
    assert steps == [*accumulate(of_task)]


def test_a_second_task_is_learned_otherwise_than_with_a_fresh_one(make_run: MakeRun) -> None:
    kept, fresh = make_run(training=KEPT), make_run(training=Training(**SETTINGS))
    ends = [after_task(run, 0) for run in (kept, fresh)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[1])
    ends = [after_task(run, 1) for run in (make_run(training=KEPT), make_run(training=Training(**SETTINGS)))]
    assert not all(torch.equal(ends[0][name], ends[1][name]) for name in ends[1])
    assert not fresh.strategy.optimizer_state


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_run_goes_on_after_a_task_bit_for_bit(make_run: MakeRun, optimizer: str) -> None:
    training = KEPT.model_copy(update={"optimizer": optimizer})
    whole, other = make_run(training=training), make_run(training=training)
    state = after_task(make_run(training=training), 0)
    list(train(whole))
    load_state(other.strategy, state, completed=1)
    list(Trainer(other, completed=1).events())
    assert_equal(state_of(other.strategy), state_of(whole.strategy))


def test_a_run_goes_on_within_a_task_bit_for_bit(make_run: MakeRun) -> None:
    whole, cut, other = make_run(training=KEPT), make_run(training=KEPT), make_run(training=KEPT)
    list(train(whole))
    trainer, state, epochs = Trainer(cut), dict[str, Tensor](), 0
    for event in trainer.events():
        if isinstance(event, TaskEnded):
            state = copied(state_of(cut.strategy))
        epochs += isinstance(event, EpochEnded)
        if epochs == 3:
            break
    load_state(other.strategy, state, completed=1)
    list(Trainer(other, 1, trainer.resume_point()).events())
    assert_equal(state_of(other.strategy), state_of(whole.strategy))


def test_what_is_kept_is_weighed(make_run: MakeRun) -> None:
    run = make_run(training=KEPT)
    after_task(run, 0)
    weights = [*run.strategy.parts.classifier.parameters()]
    assert weigh(run.strategy).extras == sum(2 * weight.nbytes + 4 for weight in weights)


def test_one_whose_network_has_changed_is_refused_in_words(make_run: MakeRun) -> None:
    run = make_run(training=KEPT)
    events = train(run)
    assert any(isinstance(event, TaskEnded) for event in events)
    layer = next(module for module in run.strategy.parts.classifier.modules() if isinstance(module, nn.Linear))
    layer.weight = nn.Parameter(torch.zeros(7, 4))
    with pytest.raises(ConfigError, match=r"'classifier' cannot go on .* other shapes") as caught:
        list(events)
    assert caught.value.advice.endswith(": --strategy.classifier.reset-optimizer true")
