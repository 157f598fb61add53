"""How a generated sample becomes an image, and what stands beside it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, train
from cltk.errors import ConfigError
from cltk.events import PhaseStarted, TaskEnded, TaskStarted
from cltk.interfaces import SOFT_ONLY, Examples, Phase

QUICK = {"epochs": 1, "min_steps": 0}
MIXTURE = {"name": "gaussian-mixture", "components": 2, "iterations": 2}


def make(generator: Any = None, **replay: Any) -> Run:
    """A run on two tasks of the digits, small and untrained."""
    experiment = load(
        scenario={"name": "split-digits", "tasks": 2, "per_class": 40},
        strategy={"name": "generative-replay", "replay": replay, "classifier": QUICK, "generator": QUICK},
        generator=generator or {"name": "vae", "hidden": [16], "latent_dim": 3},
    )
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def second_task(run: Run) -> dict[str, Phase]:
    """Trains the first task; then the phases of the second by name, in order, which nobody trains."""
    for event in train(run):
        if isinstance(event, TaskEnded):
            break
    return {phase.name: phase for phase in run.strategy.phases(run.tasks[1], run.streams.at("task", 1))}


def epoch(phase: Phase, run: Run) -> Examples:
    return Examples.concat(list(phase.batches.epoch(run.streams.at("look"))))


def is_drawn(x: torch.Tensor) -> torch.Tensor:
    """Which images are of black and white pixels alone, (N,)."""
    return ((x == 0) | (x == 1)).flatten(1).all(1)


@pytest.mark.parametrize("refresh", ["iteration", "task"])
@pytest.mark.parametrize("images", ["mean", "drawn", "all-drawn"])
def test_images_are_what_the_setting_says(refresh: str, images: str) -> None:
    run = make(refresh=refresh, images=images, labels="soft")
    phases, current = second_task(run), run.tasks[1].classes
    for name, phase in phases.items():
        examples = epoch(phase, run)
        own = torch.isin(examples.y, torch.tensor(current)) if name == "classifier" else ~is_drawn(examples.x)
        replayed = is_drawn(examples.x[examples.y == SOFT_ONLY])
        assert replayed.all() if images != "mean" else not replayed.any()
        assert own.sum() == len(run.tasks[1].train) or images == "mean"
        if name == "classifier":
            assert is_drawn(examples.x[own]).all() if images == "all-drawn" else not is_drawn(examples.x[own]).any()


def test_drawn_samples_have_the_mean_that_the_generator_gives() -> None:
    means = [
        second_task(run := make(images=images)) and run.strategy.preview(4000, run.streams)
        for images in ("mean", "drawn")
    ]
    grey, drawn = (shown.x.mean(0) for shown in means if shown is not None)
    torch.testing.assert_close(drawn, grey, atol=0.05, rtol=0.0)


def test_a_look_at_replay_shows_what_is_replayed() -> None:
    run = make(images="drawn")
    second_task(run)
    shown = run.strategy.preview(20, run.streams)
    assert shown is not None
    assert is_drawn(shown.x).all()


@pytest.mark.parametrize("rehearse", [True, False])
def test_the_generator_learns_from_replay_where_it_is_told_to(rehearse: bool) -> None:
    run = make(rehearse_generator=rehearse)
    phases, own = second_task(run), len(run.tasks[1].train)
    assert phases["generator"].batches.samples == (2 if rehearse else 1) * own
    assert phases["classifier"].batches.samples == 2 * own


def test_a_model_a_class_that_is_not_rehearsed_stays_as_it_was() -> None:
    run = make(MIXTURE, rehearse_generator=False)
    means = []
    for event in train(run):
        if isinstance(event, TaskEnded):
            means.append(run.strategy.parts.generator.get_buffer("mean").clone())  # noqa: PERF401
    assert torch.equal(means[0][:5], means[1][:5])
    assert not torch.equal(means[0][5:], means[1][5:])


class TestGeneratedCurrent:
    def test_they_are_of_the_current_classes_with_their_own_labels(self) -> None:
        run = make(MIXTURE, generated_current=0.5, labels="soft")
        examples, own = epoch(second_task(run)["classifier"], run), run.tasks[1].train
        labelled = examples[examples.y != SOFT_ONLY]
        real = {tuple(image.flatten().tolist()) for image in own.x}
        generated = [tuple(image.flatten().tolist()) not in real for image in labelled.x]
        assert sum(generated) == round(0.5 * len(own))
        counts = torch.bincount(labelled.y[torch.tensor(generated)], minlength=10)
        assert counts.tolist() == [0] * 5 + [20] * 5

    def test_they_count_as_current_ones(self) -> None:
        """For the schedule and in the loss: half of its weight is theirs and the real ones'."""
        run = make(MIXTURE, generated_current=1.0, labels="soft")
        phases = second_task(run)
        examples, own = epoch(phases["classifier"], run), len(run.tasks[1].train)
        assert len(examples) == 4 * own
        assert run.strategy.replay_count(1, own) == 2 * own
        assert examples.weight is not None
        assert float(examples.weight[examples.y != SOFT_ONLY].sum() / examples.weight.sum()) == pytest.approx(0.5)

    def test_the_generator_learns_first_and_there_are_none_at_the_first_task(self) -> None:
        run = make(MIXTURE, generated_current=1.0)
        started = [(event.task, event.phase) for event in train(run) if isinstance(event, PhaseStarted)]
        assert started == [(0, "generator"), (0, "classifier"), (1, "generator"), (1, "classifier")]
        assert run.strategy.replay_count(0, 100) == 0
        first = next(iter(make(MIXTURE, generated_current=1.0).strategy.phases(run.tasks[0], run.streams)))
        assert first.batches.samples == len(run.tasks[0].train)

    def test_the_record_counts_the_replay(self) -> None:
        events = [event for event in train(make(MIXTURE, generated_current=1.0)) if isinstance(event, TaskStarted)]
        assert [event.replayed for event in events] == [0, 2 * events[1].current]

    def test_a_generator_without_classes_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="none of the current ones"):
            make(generated_current=1.0)

    def test_more_than_can_be_meant_are_refused(self) -> None:
        with pytest.raises(ConfigError, match="expected a number of at most 100"):
            make(MIXTURE, generated_current=1e9)
