"""Replay through feedback: one network that classifies, generates and replays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, train
from cltk.errors import ConfigError
from cltk.events import TaskEnded
from cltk.interfaces import SOFT_ONLY, Examples, Phase, Train
from cltk.testing import conformance_tests
from cltk_feedback.brain_inspired import BrainInspiredReplay
from cltk_feedback.feedback import FeedbackReplay
from cltk_feedback.network import FeedbackNetwork

SMALL: dict[str, Any] = {"hidden": [16, 16], "latent_dim": 4, "network": {"steps": 60, "batch_size": 32, "lr": 0.01}}
HARD = {"replay": {"labels": "hard"}}

test_feedback = conformance_tests(FeedbackReplay, SMALL)
test_brain_inspired = conformance_tests(BrainInspiredReplay, {**SMALL, "gates": 0.3})


def make(strategy: str = "brain-inspired-replay", setting: str = "class", **settings: Any) -> Run:
    """A run on three tasks of the digits, small and untrained."""
    scenario = {"name": "split-digits", "tasks": 3, "per_class": 40, "setting": setting}
    experiment = load(scenario=scenario, strategy={"name": strategy, **SMALL, **settings}, schedule="equal")
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def third_task(run: Run) -> Iterator[Phase]:
    """Trains two tasks; then the phases of the third, which nobody trains."""
    next(event for event in train(run) if isinstance(event, TaskEnded) and event.task == 1)
    run.strategy.begin_task(run.tasks[2].classes)
    return run.strategy.phases(run.tasks[2], run.streams.at("task", 2))


def replayed(phase: Phase, run: Run) -> Examples:
    """What of an epoch is not of the current task."""
    whole = Examples.concat(list(phase.batches.epoch(run.streams.at("look"))))
    own = {tuple(image.flatten().tolist()) for image in run.tasks[2].train.x}
    return whole[torch.tensor([tuple(image.flatten().tolist()) not in own for image in whole.x])]


@pytest.mark.parametrize("strategy", ["feedback-replay", "brain-inspired-replay"])
def test_replay_is_labelled_with_what_was_learned(strategy: str) -> None:
    run = make(strategy)
    soft = replayed(next(third_task(run)), run).soft
    assert soft is not None
    assert len(soft) == len(run.tasks[2].train)
    torch.testing.assert_close(soft.sum(1), torch.ones(len(soft)))
    assert bool((soft[:, list(run.tasks[2].classes)] == 0).all())


def test_hard_labels_are_of_classes_learned() -> None:
    run = make(**HARD)
    examples = replayed(next(third_task(run)), run)
    assert examples.soft is None
    assert set(examples.y.tolist()) <= set(run.info.seen(2))


@pytest.mark.parametrize("setting", ["class", "task"])
def test_classes_to_draw_are_spread_evenly(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run, asked = make(setting=setting), list[torch.Tensor]()
    phase, sample = next(third_task(run)), FeedbackNetwork.sample
    monkeypatch.setattr(FeedbackNetwork, "sample", lambda *args: (asked.append(args[1]), sample(*args))[1])
    for number in range(10):
        list(phase.batches.epoch(run.streams.at("look", number)))
    counts = torch.cat(asked).bincount(minlength=run.info.outputs)
    learned = counts[list(run.info.seen(2))]
    assert int(learned.sum()) == int(counts.sum()) == 10 * len(run.tasks[2].train)
    expected = float(learned.float().mean())
    assert bool(((learned - expected).abs() < 5 * expected**0.5).all())


def test_an_image_of_a_class_is_labelled_within_its_task() -> None:
    run = make(setting="task")
    examples = replayed(next(third_task(run)), run)
    assert examples.soft is not None
    assert set(examples.tasks.tolist()) == {0, 1}
    for task in (0, 1):
        soft = examples.soft[examples.tasks == task]
        torch.testing.assert_close(soft[:, list(run.tasks[task].classes)].sum(1), torch.ones(len(soft)))


def test_an_image_of_no_class_is_labelled_by_every_task() -> None:
    run = make("feedback-replay", setting="task")
    examples = replayed(next(third_task(run)), run)
    assert examples.soft is not None
    assert set(examples.y.tolist()) == {SOFT_ONLY}
    for task in (0, 1):
        share = examples.soft[:, list(run.tasks[task].classes)].sum(1)
        torch.testing.assert_close(share, torch.full((len(share),), 0.5))


def test_the_loss_is_the_bound_a_pixel_and_cross_entropy_among_the_classes_so_far() -> None:
    run = make("feedback-replay")
    run.strategy.begin_task(run.tasks[0].classes)
    phase, batch, units = next(run.strategy.phases(run.tasks[0], run.streams)), run.tasks[0].train, run.tasks[0].classes
    assert isinstance(phase, Train)
    losses = phase.loss(batch, torch.Generator().manual_seed(0))
    targets = F.one_hot(batch.y, run.info.outputs).float()
    logits, bound = phase.module(batch.x, targets, torch.Generator().manual_seed(0))
    labels = torch.tensor([units.index(int(label)) for label in batch.y])
    expected = F.cross_entropy(logits[:, list(units)], labels, reduction="none") + bound / run.info.pixels
    torch.testing.assert_close(losses, expected)


@pytest.mark.parametrize("settings", [{"conditional": True, "gates": 0}, {"conditional": False, "gates": 0.5}])
def test_prior_and_gates_need_the_shared_network(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="read the encoder"):
        make(feedback=False, **settings)


def test_targets_of_units_that_are_not_active_are_refused() -> None:
    with pytest.raises(ConfigError, match='needs active = "all"'):
        make(replay={"targets": "all", "active": "so-far"})


@pytest.mark.parametrize("strategy", ["feedback-replay", "brain-inspired-replay"])
@pytest.mark.parametrize(("images", "replay", "current"), [("mean", 0, 0), ("drawn", 1, 0), ("all-drawn", 1, 1)])
def test_pixels_are_drawn_where_they_are_to_be(strategy: str, images: str, replay: bool, current: bool) -> None:
    run = make(strategy, replay={"images": images})
    whole = Examples.concat(list(next(third_task(run)).batches.epoch(run.streams.at("look"))))
    of_task = torch.isin(whole.y, torch.tensor(run.tasks[2].classes))
    for rows, drawn in ((~of_task, replay), (of_task, current)):
        assert len(rows.nonzero()) == len(run.tasks[2].train)
        assert bool(((whole.x[rows] == 0) | (whole.x[rows] == 1)).all()) == drawn


@pytest.mark.parametrize("setting", ["class", "task", "domain"])
@pytest.mark.parametrize(
    "settings",
    [{"conditional": False}, {"gates": 0}, HARD, {"feedback": False, "conditional": False, "gates": 0}],
    ids=["one prior", "no gates", "hard labels", "two networks"],
)
def test_every_part_can_be_turned_off(setting: str, settings: dict[str, Any]) -> None:
    run = make(setting=setting, **settings)
    rows = [event.accuracy for event in train(run) if isinstance(event, TaskEnded)]
    assert len(rows) == 3


def test_a_schedule_that_counts_by_class_needs_images_of_a_class() -> None:
    run = make("feedback-replay")
    run.strategy.parts.schedule.count = lambda *_: {0: 3}  # type: ignore[method-assign]
    with pytest.raises(ConfigError, match="counts by class"):
        run.strategy.replay_count(1, 80)


@pytest.mark.parametrize("strategy", ["feedback-replay", "brain-inspired-replay"])
def test_earlier_digits_are_kept(strategy: str) -> None:
    scenario = {"name": "split-digits", "tasks": 3}
    settings = {"hidden": [100, 100], "latent_dim": 20, "network": {"steps": 400, "batch_size": 64}}
    experiment = load(scenario=scenario, strategy={"name": strategy, **settings}, schedule="equal")
    run = prepare(experiment, Machine("cpu", threads=1)).assemble(0)
    accuracy = [event.accuracy for event in train(run) if isinstance(event, TaskEnded)][-1]
    assert sum(accuracy) / 3 > 0.8
