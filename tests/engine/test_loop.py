"""What the training loop promises to every strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from cltk.build import prepare
from cltk.config import Settings
from cltk.engine import Run, train
from cltk.errors import DivergenceError
from cltk.events import EpochEnded, Event, PhaseStarted, ReplayShown, RunStarted, TaskEnded, TaskStarted, Warned
from cltk.experiment import Experiment
from cltk.interfaces import Examples, Training

MakeRun = Callable[..., Run]


class Shared(Settings):
    """Of a strategy whose phases have one budget, and names of their own."""

    training: Training


def only(events: list[Event], kind: type) -> list[Event]:
    return [event for event in events if isinstance(event, kind)]


def timeless(event: Event) -> Event:
    return replace(event, seconds=0.0) if isinstance(event, EpochEnded | TaskEnded) else event


class TestEvents:
    def test_they_come_in_order(self, make_run: MakeRun) -> None:
        kinds = [type(event) for event in train(make_run(fits=[]))]
        phase = [PhaseStarted, EpochEnded, EpochEnded, Warned]
        assert kinds == [RunStarted, *[TaskStarted, *phase, PhaseStarted, EpochEnded, TaskEnded] * 3]

    def test_they_count_tasks_from_0_and_epochs_from_1(self, make_run: MakeRun) -> None:
        events = list(train(make_run()))
        assert [event.task for event in only(events, TaskStarted)] == [0, 1, 2]  # type: ignore[attr-defined]
        assert [event.epoch for event in only(events, EpochEnded)] == [1, 2] * 3  # type: ignore[attr-defined]

    def test_accuracy_is_of_every_task_before_and_after_each(self, make_run: MakeRun) -> None:
        events = list(train(make_run(training=Training(epochs=200, min_steps=0, batch_size=12, lr=0.05))))
        rows = [events[0].untrained, *(event.accuracy for event in only(events, TaskEnded))]  # type: ignore
        assert [len(row) for row in rows] == [3] * 4
        assert all(0 <= value <= 1 for row in rows for value in row)
        assert rows[1][1:] == (0, 0)
        assert rows[3][:2] == (0, 0)

    def test_accuracy_is_of_the_part_asked_for(self, make_run: MakeRun) -> None:
        run = make_run()
        sixths = {k / 6 for k in range(7)}
        fourths = {k / 4 for k in range(5)}
        for part, possible in (("test", sixths), ("validation", fourths)):
            rows = [event.accuracy for event in train(replace(run, split=part)) if isinstance(event, TaskEnded)]  # type: ignore[arg-type]
            assert {value for row in rows for value in row} <= possible

    def test_replay_is_shown_with_its_coverage(self, digits: Experiment) -> None:
        shown = [event for event in train(prepare(digits).assemble(0)) if isinstance(event, ReplayShown)]
        assert [event.task for event in shown] == [0, 1, 2, 3, 4]
        for event in shown:
            assert isinstance(event.images, np.ndarray)
            assert event.images.shape == (64, 1, 8, 8)
            assert 0 <= event.images.min() <= event.images.max() <= 1
            assert sorted(event.coverage) == list(range(2 * event.task + 2))
            assert sum(event.coverage.values()) == pytest.approx(1)

    def test_what_a_phase_complains_of_is_a_warning(self, make_run: MakeRun) -> None:
        warned = [event for event in train(make_run()) if isinstance(event, Warned)]
        assert [event.problem for event in warned] == [
            f"task {task} is odd (step {steps})" for task, steps in ((0, 6), (1, 4), (2, 4))
        ]

    def test_whoever_stops_iterating_stops_the_run(self, make_run: MakeRun) -> None:
        run = make_run()
        events = train(run)
        while not isinstance(next(events), TaskEnded):
            pass
        events.close()  # type: ignore[attr-defined]
        assert run.strategy.steps == 6  # type: ignore[attr-defined]


class TestBudget:
    @pytest.mark.parametrize(("min_steps", "epochs"), [(0, 2), (6, 2), (7, 3), (100, 34)])
    def test_short_epochs_are_made_up_for_by_more_of_them(self, make_run: MakeRun, min_steps: int, epochs: int) -> None:
        events = list(train(make_run(training=Training(epochs=2, min_steps=min_steps, batch_size=5))))
        first = next(event for event in events if isinstance(event, PhaseStarted))
        assert (first.epochs, first.steps) == (epochs, 3)
        assert sum(isinstance(event, EpochEnded) and event.task == 0 for event in events) == epochs

    def test_operations_are_counted(self, make_run: MakeRun) -> None:
        events = list(train(make_run()))
        epoch = next(event for event in events if isinstance(event, EpochEnded))
        # A linear layer from 4 to 6: 2 * 4 * 6 forward, and as much for the gradient of its weight.
        assert epoch.per_sample == 2 * 2 * 4 * 6
        assert epoch.operations == 12 * epoch.per_sample
        ended = next(event for event in events if isinstance(event, TaskEnded))
        assert ended.operations == 2 * epoch.operations
        assert ended.single_pass == epoch.operations
        assert ended.model_bytes == 4 * (4 * 6 + 6)

    def test_the_cosine_schedule_goes_from_the_rate_to_zero(self) -> None:
        training = Training(lr=0.3, lr_schedule="cosine")
        assert training.lr_at(0) == 0.3
        assert training.lr_at(0.5) == pytest.approx(0.15)
        assert training.lr_at(1) == 0
        assert Training(lr=0.3).lr_at(1) == 0.3

    def test_the_cosine_schedule_runs_over_the_whole_phase(
        self, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[float] = []
        original = Training.lr_at
        monkeypatch.setattr(
            Training, "lr_at", lambda self, progress: (asked.append(progress), original(self, progress))[1]
        )
        list(train(make_run(training=Training(epochs=2, min_steps=0, batch_size=5, lr_schedule="cosine"))))
        assert asked[:6] == pytest.approx([step / 6 for step in range(6)])


class TestLoss:
    def test_it_is_the_weighted_mean(self, make_run: MakeRun) -> None:
        weights = [0.5, 1.5] * 6
        seen: list[float] = []

        def note(step: int, losses: Tensor) -> Tensor:
            if step == 1:
                seen.extend(losses.tolist())
            return losses

        training = Training(epochs=1, min_steps=0, batch_size=12)
        run = make_run(training=training, weights=weights, loss=note)
        order = torch.randperm(12, generator=run.streams.at("task", 0, "classifier", 1).generator("order"))
        epoch = next(event for event in train(run) if isinstance(event, EpochEnded))
        expected = sum(weights[i] * loss for i, loss in zip(order.tolist(), seen, strict=True)) / 12
        assert epoch.loss == pytest.approx(expected, rel=1e-6)

    def test_weights_of_1_change_nothing(self, make_run: MakeRun) -> None:
        plain, weighted = (
            [timeless(event) for event in train(make_run(weights=weights))] for weights in (None, [1.0] * 12)
        )
        for one, other in zip(plain, weighted, strict=True):
            if isinstance(one, EpochEnded) and isinstance(other, EpochEnded):
                assert one.loss == pytest.approx(other.loss, rel=1e-5)

    def test_a_weight_of_0_keeps_a_sample_from_teaching(self, make_run: MakeRun) -> None:
        training = Training(epochs=1, min_steps=0, batch_size=12, weight_decay=0)
        run = make_run(training=training, weights=[0.0] * 12)
        before = [tensor.clone() for tensor in run.strategy.parts.classifier.parameters()]
        list(train(run))
        assert all(torch.equal(a, b) for a, b in zip(before, run.strategy.parts.classifier.parameters(), strict=True))


class TestDivergence:
    @staticmethod
    def nan_at(bad: int) -> Callable[[int, Tensor], Tensor]:
        return lambda step, losses: losses * (float("nan") if step == bad else 1.0)

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
    def test_it_stops_the_run_and_says_where(self, make_run: MakeRun, value: float) -> None:
        # Task 1 takes 2 x 3 steps; task 2 takes 2 a epoch, of which this is the second of the second.
        run = make_run(loss=lambda step, losses: losses * 0 + value if step == 10 else losses)
        events = train(run)
        with pytest.raises(DivergenceError) as caught:
            list(events)
        assert "task 2, phase 'classifier': in epoch 2, step 2, the loss is" in caught.value.problem
        assert "--strategy.classifier.lr" in caught.value.advice
        assert caught.value.exit_status == 1

    @pytest.mark.parametrize(
        ("config", "named"),
        [
            (lambda budget: Shared(training=budget), "--strategy.training.lr"),
            (lambda _: Settings(), "its learning rate"),
        ],
    )
    def test_it_names_the_field_that_the_budget_is_from(
        self, make_run: MakeRun, config: Callable[[Training], Settings], named: str
    ) -> None:
        training = Training(epochs=2, min_steps=0, batch_size=5)
        run = make_run(training=training, loss=self.nan_at(2))
        run.strategy.config = config(training)
        with pytest.raises(DivergenceError) as caught:
            list(train(run))
        assert named in caught.value.advice

    def test_a_loss_too_large_for_its_mean_stops_it_too(self, make_run: MakeRun) -> None:
        training = Training(epochs=1, min_steps=0, batch_size=1)
        run = make_run(training=training, loss=lambda step, losses: losses * 0 + 3e38)
        with pytest.raises(DivergenceError, match=r"task 1, phase 'classifier'"):
            list(train(run))

    def test_it_is_a_warning_where_that_was_asked_for(self, make_run: MakeRun) -> None:
        run = make_run(loss=self.nan_at(2), stop_on_divergence=False)
        events = list(train(run))
        warned = [event for event in events if isinstance(event, Warned) and "the loss is nan" in event.problem]
        assert warned[0].problem == "in epoch 1, step 2, the loss is nan"
        assert warned[0].task == 0
        assert len(only(events, TaskEnded)) == 3

    def test_an_exploded_gradient_stops_it_though_the_loss_is_finite(self, make_run: MakeRun) -> None:
        run = make_run(loss=lambda step, losses: losses * (1e6 if step > 8 else 1.0))
        with pytest.raises(DivergenceError) as caught:
            list(train(run))
        expected = "task 2, phase 'classifier': in epoch 2, step 2, the gradient has exploded: its norm is"
        assert expected in caught.value.problem

    def test_a_gradient_that_grows_by_a_little_has_not_exploded(self, make_run: MakeRun) -> None:
        run = make_run(loss=lambda step, losses: losses * (100.0 if step > 8 else 1.0))
        assert len(only(list(train(run)), TaskEnded)) == 3


class TestProblems:
    def test_they_are_noticed_while_the_phase_goes_on_and_told_once(self, make_run: MakeRun) -> None:
        training = Training(epochs=60, min_steps=0, batch_size=5)  # 180 steps in the first task
        events = [event for event in train(make_run(training=training)) if getattr(event, "task", None) == 0]
        warned = [index for index, event in enumerate(events) if isinstance(event, Warned)]
        before = sum(isinstance(event, EpochEnded) for event in events[: warned[0]])
        assert len(warned) == 1
        assert before * 3 <= 100 < (before + 1) * 3


class TestFit:
    def test_it_is_handed_one_epoch(self, make_run: MakeRun) -> None:
        fits: list[Examples] = []
        run = make_run(fits=fits)
        events = [event for event in train(run) if isinstance(event, PhaseStarted | EpochEnded)]
        assert [len(samples) for samples in fits] == [12, 8, 10]
        for task, samples in zip(run.tasks, fits, strict=True):
            assert torch.equal(samples.x.flatten(1).sum(1).sort().values, task.train.x.flatten(1).sum(1).sort().values)
        fitted = [event for event in events if event.phase == "statistics"]
        assert [event.loss for event in fitted if isinstance(event, EpochEnded)] == [None] * 3
        assert [event.epochs for event in fitted if isinstance(event, PhaseStarted)] == [1] * 3


class TestRandomness:
    def test_the_same_seed_gives_the_same_events(self, make_run: MakeRun) -> None:
        one, other = ([timeless(event) for event in train(make_run(seed=3))] for _ in range(2))
        assert one == other

    def test_another_seed_gives_others(self, make_run: MakeRun) -> None:
        one, other = ([timeless(event) for event in train(make_run(seed=seed))] for seed in (3, 4))
        assert one != other

    def test_the_global_generators_are_left_alone(self, digits: Experiment) -> None:
        prepared = prepare(digits)
        before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # type: ignore[union-attr]
        for _ in train(prepared.assemble(0)):
            assert torch.equal(torch.get_rng_state(), before)
        assert np.random.get_state()[1].tolist() == numpy_before  # type: ignore[union-attr]

    def test_what_others_draw_between_events_changes_nothing(self, make_run: MakeRun) -> None:
        expected = [timeless(event) for event in train(make_run())]
        disturbed = []
        for event in train(make_run()):
            torch.rand(7)
            disturbed.append(timeless(event))
        assert disturbed == expected


def test_bf16_trains(make_run: MakeRun) -> None:
    plain, low = (
        [event.loss for event in train(make_run(precision=precision)) if isinstance(event, EpochEnded)]
        for precision in ("fp32", "bf16")
    )
    assert plain != low
    assert plain == pytest.approx(low, rel=0.05)


def test_a_network_is_back_in_training_mode_only_for_training(make_run: MakeRun) -> None:
    run = make_run()
    modes = []
    for event in train(run):
        modes.append(run.strategy.parts.classifier.training)
        assert not isinstance(event, TaskEnded) or all(
            parameter.requires_grad for parameter in run.strategy.parts.classifier.parameters()
        )
    assert True in modes
