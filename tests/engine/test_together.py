"""Runs that are trained side by side end as they do alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cltk.engine import Run, Together, Trainer, state_of, train
from cltk.engine.fast.apart import ApartError
from cltk.engine.fast.stacked import Stacked
from cltk.engine.steps import GradientStep
from cltk.errors import DivergenceError
from cltk.events import EpochEnded, Event, TaskEnded
from cltk.interfaces import Train, Training
from cltk.testing.together import next_epoch, train_together
from tests.engine.conftest import Scripted

MakeRun = Callable[..., Run]
SEEDS = (0, 1, 2)


def together(runs: Sequence[Run]) -> list[list[Event]]:
    """The events of runs that are trained side by side, up to the end of each."""
    events: list[list[Event]] = [[] for _ in runs]
    train_together([Trainer(run) for run in runs], [past.append for past in events])
    return events


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


def trained_apart(make_run: MakeRun, change: Callable[[Run], None], **settings: object) -> bool:
    """Whether runs that were changed come out bit for bit as alone, and none of their epochs was trained together."""
    alone, runs = [make_run(seed, **settings) for seed in SEEDS], [make_run(seed, **settings) for seed in SEEDS]
    for run in (*alone, *runs):
        change(run)
    expected, found = [list(train(run)) for run in alone], together(runs)
    return (
        {epoch.together for events in found for epoch in epochs(events)} == {1}
        and [[epoch.loss for epoch in epochs(events)] for events in found]
        == [[epoch.loss for epoch in epochs(events)] for events in expected]
        and [*map(accuracy, found)] == [*map(accuracy, expected)]
    )


def _by_losses(change: Callable[[nn.Module, Tensor], Tensor]) -> Callable[[Run], None]:
    def apply(run: Run) -> None:
        assert isinstance(run.strategy, Scripted)
        classifier = run.strategy.parts.classifier
        run.strategy.change = lambda steps, losses: change(classifier, losses)

    return apply


def _reads_a_value(classifier: nn.Module, losses: Tensor) -> Tensor:
    return losses * float(losses.detach().sum() > 0)


def _draws_elsewhere(classifier: nn.Module, losses: Tensor) -> Tensor:
    return losses + torch.rand(1, generator=torch.Generator().manual_seed(3))


def _permutes(classifier: nn.Module, losses: Tensor) -> Tensor:
    return losses + 0.1 * losses[torch.randperm(len(losses))].detach()


def _gives_several_a_sample(classifier: nn.Module, losses: Tensor) -> Tensor:
    return losses[:, None] * torch.tensor([1.0, 2.0, 3.0])


def _drops_in_another_order(classifier: nn.Module, losses: Tensor) -> Tensor:
    return F.dropout(torch.stack([losses, losses]).T, 0.5).mean(1)


def _replaces_a_buffer(run: Run) -> None:
    layers = run.strategy.parts.classifier.get_submodule("layers")
    layers.register_module("mean", Replacing())


def _uses_a_parameter_beside(run: Run) -> None:
    own = nn.Parameter(torch.zeros(1))
    _by_losses(lambda classifier, losses: losses + own)(run)


def _changes_a_tensor(run: Run) -> None:
    own = torch.ones(1)
    _by_losses(lambda classifier, losses: losses * own.mul_(1.0))(run)


class Replacing(nn.Module):
    """Takes the running mean off, which it replaces at each batch."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.mean = 0.9 * self.mean + 0.1 * x.detach().mean()
        return x - self.mean


@pytest.mark.parametrize(
    "change",
    [
        _by_losses(_reads_a_value),
        _by_losses(_draws_elsewhere),
        _by_losses(_permutes),
        _by_losses(_drops_in_another_order),
        _replaces_a_buffer,
        _uses_a_parameter_beside,
        _changes_a_tensor,
    ],
)
def test_what_would_come_out_otherwise_is_trained_alone(make_run: MakeRun, change: Callable[[Run], None]) -> None:
    assert trained_apart(make_run, change)


def test_what_is_frozen_in_one_run_is_not_in_the_others(make_run: MakeRun) -> None:
    runs = [make_run(seed) for seed in SEEDS]
    frozen = [*runs[1].strategy.parts.classifier.parameters()][1].requires_grad_(False)
    before = frozen.clone()
    found = together(runs)
    assert [{epoch.together for epoch in epochs(events)} for events in found] == [{2}, {1}, {2}]
    assert torch.equal(frozen, before)


def test_losses_of_another_shape_are_trained_alone(make_run: MakeRun) -> None:
    assert trained_apart(make_run, _by_losses(_gives_several_a_sample))


def test_optimizers_that_have_done_other_numbers_of_steps_are_refused(make_run: MakeRun) -> None:
    runs = [make_run(seed) for seed in (0, 1)]
    phases = [next(iter(run.strategy.phases(run.tasks[0], run.streams))) for run in runs]
    trained = [phase for phase in phases if isinstance(phase, Train)]
    steps = [GradientStep(phase, "fp32", captured=False) for phase in trained]
    parts = [(phase, step.optimizer) for phase, step in zip(trained, steps, strict=True)]
    streams = [run.streams for run in runs]
    Stacked(parts, streams)
    steps[0](runs[0].tasks[0].train)
    with pytest.raises(ApartError, match="other numbers of steps"):
        Stacked(parts, streams)


def test_runs_of_other_sizes_are_trained_alone_and_it_is_said(make_run: MakeRun) -> None:
    runs = [make_run(0, Training(steps=4, batch_size=5)), make_run(1, Training(steps=5, batch_size=5))]
    due = [epoch for run in runs if (epoch := next_epoch(Trainer(run).advance(), [].append))]
    trainer = Together()
    trainer.train(due)
    assert [epoch.together for epoch in due] == [1, 1]
    assert trainer.reasons == {"classifier": "they differ in size"}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("vmap: first\nsecond"), "its steps cannot be computed for several seeds at once"),
        (torch.OutOfMemoryError("CUDA"), "there is too little memory for all of them at once"),
    ],
)
def test_what_pytorch_says_is_in_the_log_and_not_in_the_reason(
    make_run: MakeRun,
    error: Exception,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> Tensor:
        raise error

    monkeypatch.setattr(Stacked, "step", fail)
    due = [epoch for seed in SEEDS if (epoch := next_epoch(Trainer(make_run(seed)).advance(), [].append))]
    trainer = Together()
    with caplog.at_level("DEBUG", logger="cltk"):
        trainer.train(due)
    assert trainer.reasons == {"classifier": reason}
    assert str(error) in caplog.text


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
    due = [epoch for each in stages if (epoch := next_epoch(each, [].append))]
    Together().train(due)
    assert [epoch.together for epoch in due] == [3, 3, 3]
    with pytest.raises(DivergenceError):
        next_epoch(stages[1], [].append)
    others: list[Event] = []
    assert next_epoch(stages[0], others.append)
    assert math.isfinite(epochs(others)[0].loss or math.nan)


def test_steps_of_other_runs_leave_the_global_generator_alone(make_run: MakeRun) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    together([make_run(seed) for seed in SEEDS])
    assert torch.equal(torch.rand(3), expected)
