"""Runs that are trained side by side end as they do alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from torch import Tensor

from cltk.engine import EpochDue, Run, Together, Trainer, state_of, train
from cltk.errors import DivergenceError
from cltk.events import EpochEnded, Event, TaskEnded
from cltk.interfaces import Training

MakeRun = Callable[..., Run]
SEEDS = (0, 1, 2)


def together(runs: Sequence[Run]) -> list[list[Event]]:
    """The events of runs that are trained side by side, up to the end of each."""
    events: list[list[Event]] = [[] for _ in runs]
    stages, trainer = [Trainer(run).advance() for run in runs], Together()
    while due := [epoch for each, past in zip(stages, events, strict=True) if (epoch := _next(each, past))]:
        trainer.train(due)
    return events


def _next(stages: Iterator[Event | EpochDue], events: list[Event]) -> EpochDue | None:
    """The next epoch, with all that came before it among the events; None at the end."""
    for stage in stages:
        if isinstance(stage, EpochDue):
            return stage
        events.append(stage)
    return None


def epochs(events: Sequence[Event]) -> list[EpochEnded]:
    return [event for event in events if isinstance(event, EpochEnded)]


def accuracy(events: Sequence[Event]) -> list[tuple[float, ...]]:
    return [event.accuracy for event in events if isinstance(event, TaskEnded)]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"training": Training(epochs=2, min_steps=0, batch_size=5, optimizer="sgd", lr=0.1, lr_schedule="cosine")},
        {"training": Training(epochs=2, min_steps=0, batch_size=5, reset_optimizer=False, weight_decay=0.1)},
        {"training": Training(steps=7, batch_size=5)},
        {"weights": [0.5, 1.5] * 6},
        {"fits": []},
        {"precision": "bf16"},
    ],
    ids=["adam", "sgd", "kept", "cut short", "weights", "fit", "bf16"],
)
def test_runs_are_trained_as_one_and_end_as_alone(make_run: MakeRun, settings: dict[str, object]) -> None:
    alone, runs = [make_run(seed, **settings) for seed in SEEDS], [make_run(seed, **settings) for seed in SEEDS]
    expected = [list(train(run)) for run in alone]
    found = together(runs)
    for one, other in zip(expected, found, strict=True):
        assert [type(event) for event in one] == [type(event) for event in other]
        assert {epoch.together for epoch in epochs(other) if epoch.loss is not None} == {len(SEEDS)}
        assert [epoch.operations for epoch in epochs(one)] == [epoch.operations for epoch in epochs(other)]
        losses = [epoch.loss for epoch in epochs(one) if epoch.loss is not None]
        assert [epoch.loss for epoch in epochs(other) if epoch.loss is not None] == pytest.approx(losses, rel=1e-3)
    for one, other in zip(alone, runs, strict=True):
        ours, theirs = state_of(one.strategy), state_of(other.strategy)
        assert ours.keys() == theirs.keys()
        for name, tensor in ours.items():
            torch.testing.assert_close(tensor, theirs[name], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda steps, losses: losses * float(losses.detach().sum() > 0), "asks for a value"),
        (
            lambda steps, losses: losses + torch.rand(1, generator=torch.Generator().manual_seed(3)),
            "a stream of nobody",
        ),
    ],
)
def test_what_has_no_batched_form_is_trained_alone(
    make_run: MakeRun, change: Callable[[int, Tensor], Tensor], why: str
) -> None:
    expected = [list(train(make_run(seed, loss=change))) for seed in SEEDS]
    found = together([make_run(seed, loss=change) for seed in SEEDS])
    assert {epoch.together for events in found for epoch in epochs(events)} == {1}, why
    assert [[epoch.loss for epoch in epochs(events)] for events in found] == [
        [epoch.loss for epoch in epochs(events)] for events in expected
    ]
    assert [*map(accuracy, found)] == [*map(accuracy, expected)]


def test_runs_whose_losses_bring_other_tensors_are_trained_apart(make_run: MakeRun) -> None:
    def scaled_by(factor: float) -> Callable[[int, Tensor], Tensor]:
        own = torch.tensor([factor])
        return lambda steps, losses: losses * own

    pairs = [(make_run(seed, loss=scaled_by(factor)), factor) for seed, factor in enumerate((1.0, 2.0, 2.0))]
    found = together([run for run, _ in pairs])
    assert {epoch.together for events in found for epoch in epochs(events)} == {1}
    alike = together([make_run(seed, loss=scaled_by(2.0)) for seed in SEEDS])
    assert {epoch.together for events in alike for epoch in epochs(events)} == {3}


def test_one_that_diverges_leaves_the_others(make_run: MakeRun) -> None:
    runs = [make_run(seed, stop_on_divergence=seed == 1) for seed in SEEDS]
    with torch.no_grad():
        next(runs[1].strategy.parts.classifier.parameters()).fill_(math.nan)
    stages = [Trainer(run).advance() for run in runs]
    due = [epoch for each in stages if (epoch := _next(each, []))]
    Together().train(due)
    assert [epoch.together for epoch in due] == [3, 3, 3]
    with pytest.raises(DivergenceError):
        _next(stages[1], [])
    others: list[Event] = []
    assert _next(stages[0], others)
    assert math.isfinite(epochs(others)[0].loss or math.nan)


def test_steps_of_other_runs_leave_the_global_generator_alone(make_run: MakeRun) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    together([make_run(seed) for seed in SEEDS])
    assert torch.equal(torch.rand(3), expected)
