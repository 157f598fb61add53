"""Generative and experience replay: what is replayed, with which labels, and that it helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, load_state, state_of, train
from cltk.errors import ConfigError
from cltk.events import EpochEnded, ReplayShown, TaskEnded, TaskStarted, Warned
from cltk.interfaces import SOFT_ONLY, Examples, Phase, Train

QUICK = {"epochs": 1, "min_steps": 0}
Make = Callable[..., Run]


def make(strategy: str = "generative-replay", **overrides: Any) -> Run:
    """A run on two tasks of the digits, small and untrained."""
    budgets = {"classifier": QUICK} | ({"generator": QUICK} if strategy == "generative-replay" else {})
    slots: dict[str, Any] = {
        "scenario": {"name": "split-digits", "tasks": 2, "per_class": 40},
        "strategy": {"name": strategy, **budgets, **overrides.pop("settings", {})},
    }
    if strategy == "generative-replay":
        slots["generator"] = {"name": "vae", "hidden": [16], "latent_dim": 3}
    return prepare(load(**(slots | overrides)), Machine("cpu", threads=1)).assemble(0)


def second_task(run: Run) -> Iterator[Phase]:
    """Trains the first task; then the phases of the second, which nobody trains."""
    for event in train(run):
        if isinstance(event, TaskEnded):
            break
    run.strategy.begin_task(run.tasks[1].classes)
    return run.strategy.phases(run.tasks[1], run.streams.at("task", 1))


def epoch(phase: Phase, run: Run) -> Examples:
    return Examples.concat(list(phase.batches.epoch(run.streams.at("look"))))


def replayed(phase: Phase, run: Run) -> Examples:
    """What of an epoch is not of the current task."""
    whole = epoch(phase, run)
    own = {tuple(image.flatten().tolist()) for image in run.tasks[1].train.x}
    return whole[torch.tensor([tuple(image.flatten().tolist()) not in own for image in whole.x])]


class TestGenerative:
    def test_the_classifier_learns_first_then_the_generator(self) -> None:
        run = make()
        phases = list(run.strategy.phases(run.tasks[0], run.streams.at("task", 0)))
        assert [phase.name for phase in phases] == ["classifier", "generator"]
        assert [phase.module for phase in phases] == [run.strategy.parts.classifier, run.strategy.parts.generator]

    @pytest.mark.parametrize("refresh", ["iteration", "task"])
    def test_the_first_task_has_nothing_to_replay(self, refresh: str) -> None:
        run = make(settings={"replay": {"refresh": refresh}})
        for phase in run.strategy.phases(run.tasks[0], run.streams.at("task", 0)):
            assert phase.batches.samples == len(run.tasks[0].train)

    @pytest.mark.parametrize("refresh", ["iteration", "task"])
    def test_later_tasks_replay_what_the_schedule_says(self, refresh: str) -> None:
        run = make(settings={"replay": {"refresh": refresh}}, schedule={"name": "fixed", "samples": 33})
        for phase in second_task(run):
            assert phase.batches.samples == len(run.tasks[1].train) + 33

    @pytest.mark.parametrize("refresh", ["iteration", "task"])
    @pytest.mark.parametrize("labels", ["hard", "soft"])
    def test_the_teacher_is_frozen(self, refresh: str, labels: str) -> None:
        """Whatever becomes of the networks during a task, replay is as it was when the task began."""
        run = make(settings={"replay": {"refresh": refresh, "labels": labels}})
        phase = next(second_task(run))
        before = epoch(phase, run)
        with torch.no_grad():
            for module in run.strategy.parts.modules.values():
                for parameter in module.parameters():
                    parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
        after = epoch(phase, run)
        assert torch.equal(before.x, after.x)
        assert torch.equal(before.y, after.y)
        assert labels == "hard" or torch.equal(before.soft, after.soft)  # type: ignore[arg-type]

    def test_drawing_ahead_is_counted_as_drawing_for_each_batch(self) -> None:
        budgets = {name: QUICK | {"batch_size": 16} for name in ("classifier", "generator")}
        runs = [make(settings={**budgets, "replay": {"ahead": ahead}}) for ahead in (1, 5)]
        one, other = ([event for event in train(run) if isinstance(event, EpochEnded)] for run in runs)
        assert [epoch.operations for epoch in one] == [epoch.operations for epoch in other]
        assert one[-1].loss != other[-1].loss

    def test_replay_is_generated_by_a_generator_in_evaluation_mode(self) -> None:
        run = make(classifier={"name": "mlp", "dropout": 0.9})
        phase = next(second_task(run))
        run.strategy.parts.classifier.train()
        assert torch.equal(epoch(phase, run).y, epoch(phase, run).y)

    @pytest.mark.parametrize("refresh", ["iteration", "task"])
    def test_hard_labels_are_among_the_classes_seen(self, refresh: str) -> None:
        run = make(settings={"replay": {"refresh": refresh}})
        labels = replayed(next(second_task(run)), run).y
        assert len(labels) == len(run.tasks[1].train)
        assert set(labels.tolist()) <= set(run.info.seen(1))

    @pytest.mark.parametrize("refresh", ["iteration", "task"])
    def test_soft_labels_are_probabilities_of_the_classes_seen(self, refresh: str) -> None:
        run = make(settings={"replay": {"refresh": refresh, "labels": "soft"}})
        examples = replayed(next(second_task(run)), run)
        assert examples.soft is not None
        assert set(examples.y.tolist()) == {SOFT_ONLY}
        torch.testing.assert_close(examples.soft.sum(1), torch.ones(len(examples)))
        unseen = [label for label in range(run.info.outputs) if label not in run.info.seen(1)]
        assert bool((examples.soft[:, unseen] == 0).all())

    def test_current_samples_keep_their_hard_labels_beside_soft_ones(self) -> None:
        run = make(settings={"replay": {"labels": "soft"}})
        whole = epoch(next(second_task(run)), run)
        own = whole[whole.y != SOFT_ONLY]
        assert sorted(own.y.tolist()) == sorted(run.tasks[1].train.y.tolist())
        assert own.soft is not None
        assert bool((own.soft == 0).all())

    def test_a_higher_temperature_softens_labels(self) -> None:
        peaks = []
        for temperature in (1.0, 5.0):
            run = make(settings={"replay": {"labels": "soft", "temperature": temperature}})
            soft = replayed(next(second_task(run)), run).soft
            assert soft is not None
            peaks.append(float(soft.max(1).values.mean()))
        assert peaks[0] > peaks[1]

    def test_soft_labels_may_be_of_all_units(self) -> None:
        run = make(settings={"replay": {"labels": "soft", "targets": "all"}})
        phase = next(second_task(run))
        examples = replayed(phase, run)
        expected = (run.strategy.predict(examples.x) / 2).softmax(1)
        assert examples.soft is not None
        torch.testing.assert_close(examples.soft, expected)
        assert bool((examples.soft > 0).all())

    @pytest.mark.parametrize("is_scaled", [True, False])
    def test_the_loss_of_soft_labels_is_scaled_by_the_squared_temperature(self, is_scaled: bool) -> None:
        run = make(settings={"replay": {"labels": "soft", "temperature": 3.0, "scaled": is_scaled}})
        phase = next(second_task(run))
        examples = replayed(phase, run)
        assert isinstance(phase, Train)
        assert examples.soft is not None
        losses = phase.loss(examples, torch.Generator())
        plain = F.cross_entropy(run.strategy.predict(examples.x) / 3, examples.soft, reduction="none")
        torch.testing.assert_close(losses.detach(), plain * (9 if is_scaled else 1))

    def test_classes_to_come_do_not_compete_where_only_those_so_far_are_active(self) -> None:
        run = make(
            scenario={"name": "split-digits", "tasks": 5, "per_class": 40},
            settings={"replay": {"labels": "soft", "active": "so-far"}},
        )
        phase = next(second_task(run))
        assert isinstance(phase, Train)
        whole, units = epoch(phase, run), [*run.info.seen(2)]
        logits = run.strategy.parts.classifier(whole.x)[:, units]
        losses = phase.loss(whole, torch.Generator())
        own = whole.y != SOFT_ONLY
        hard = F.cross_entropy(logits[own], torch.tensor([units.index(int(y)) for y in whole.y[own]]), reduction="none")
        torch.testing.assert_close(losses[own], hard)
        assert whole.soft is not None
        soft = 4 * F.cross_entropy(logits[~own] / 2, whole.soft[~own][:, units], reduction="none")
        torch.testing.assert_close(losses[~own], soft)
        chosen = run.strategy.predict(torch.cat([task.test.x for task in run.tasks])).argmax(1)
        assert set(chosen.tolist()) <= set(units)

    def test_targets_of_units_that_are_not_active_are_refused(self) -> None:
        with pytest.raises(ConfigError, match='needs active = "all"'):
            make(settings={"replay": {"labels": "soft", "targets": "all", "active": "so-far"}})

    def test_settings_that_have_their_defaults_leave_a_configuration_as_it_was(self) -> None:
        replay = prepare(load(strategy="generative-replay", scenario="split-digits"), Machine("cpu", threads=1))
        settings = replay.resolved.config["strategy"]["replay"]
        assert {*settings} == {"refresh", "weighting", "labels", "temperature", "images"}

    def test_a_replay_set_is_made_once_and_shared_by_both_networks(self) -> None:
        run = make(settings={"replay": {"refresh": "task"}})
        phases = second_task(run)
        images = []
        for phase in phases:
            for number in (1, 2):
                whole = Examples.concat(list(phase.batches.epoch(run.streams.at(number))))
                images.append(whole.x.flatten(1).sum(1).sort().values)
        assert all(torch.equal(image, images[0]) for image in images)

    def test_the_generator_is_not_given_labels_it_does_not_read(self) -> None:
        run = make()
        phases = list(second_task(run))
        assert isinstance(phases[1], Train)
        assert set(replayed(phases[1], run).y.tolist()) == {SOFT_ONLY}

    def test_a_look_at_replay_has_labels_among_the_classes_seen(self) -> None:
        run = make()
        for event in train(run):
            if isinstance(event, TaskEnded) and event.task == 0:
                break
        shown = run.strategy.preview(50, run.streams)
        assert shown is not None
        assert len(shown) == 50
        assert set(shown.y.tolist()) <= set(run.info.seen(1))

    def test_a_state_goes_into_another_run(self) -> None:
        one, other = make(), make()
        for _ in train(one):
            pass
        load_state(other.strategy, state_of(one.strategy))
        for name, tensor in state_of(other.strategy).items():
            assert torch.equal(tensor, state_of(one.strategy)[name])


class TestTasks:
    """In the task-incremental setting each earlier task labels replay within its own classes."""

    @staticmethod
    def third_task(generator: str = "vae", **replay: str) -> tuple[Run, list[Phase], torch.Tensor]:
        """Trains two tasks of three; then the third one's phases, and what the classifier said of an epoch's replay."""
        generators = {"vae": {"name": "vae", "hidden": [16], "latent_dim": 3}, "gm": {"name": "gaussian-mixture"}}
        scenario = {"name": "split-digits", "tasks": 3, "per_class": 40, "setting": "task"}
        run = make(settings={"replay": replay}, scenario=scenario, generator=generators[generator])
        next(event for event in train(run) if isinstance(event, TaskEnded) and event.task == 1)
        phases = list(run.strategy.phases(run.tasks[2], run.streams.at("task", 2)))
        return run, phases, run.strategy.predict(TestTasks.of_replay(phases[0], run).x)

    @staticmethod
    def of_replay(phase: Phase, run: Run) -> Examples:
        whole = epoch(phase, run)
        return whole[whole.y == SOFT_ONLY]

    @pytest.mark.parametrize("generator", ["vae", "gm"])
    @pytest.mark.parametrize("refresh", ["iteration", "task"])
    def test_hard_labels_are_one_for_each_task(self, generator: str, refresh: str) -> None:
        run, phases, scores = self.third_task(generator, labels="hard", refresh=refresh)
        soft = self.of_replay(phases[0], run).soft
        assert soft is not None
        assert len(soft) == len(run.tasks[2].train)
        for task in run.tasks[:2]:
            chosen = F.one_hot(scores[:, list(task.classes)].argmax(1), len(task.classes)) / 2
            assert torch.equal(soft[:, list(task.classes)], chosen)
        assert bool((soft[:, list(run.tasks[2].classes)] == 0).all())

    def test_soft_labels_are_probabilities_within_each_task(self) -> None:
        run, phases, scores = self.third_task(labels="soft")
        soft = self.of_replay(phases[0], run).soft
        assert soft is not None
        for task in run.tasks[:2]:
            expected = (scores[:, list(task.classes)] / 2).softmax(1) / 2
            torch.testing.assert_close(soft[:, list(task.classes)], expected)

    def test_the_loss_of_hard_labels_is_the_mean_over_tasks(self) -> None:
        run, phases, scores = self.third_task(labels="hard")
        phase = phases[0]
        assert isinstance(phase, Train)
        losses = phase.loss(self.of_replay(phase, run), torch.Generator())
        within = [scores[:, list(task.classes)] for task in run.tasks[:2]]
        expected = sum(F.cross_entropy(pair, pair.argmax(1), reduction="none") for pair in within) / 2
        torch.testing.assert_close(losses.detach(), expected)

    def test_a_generator_that_draws_labels_learns_from_its_own(self) -> None:
        run, phases, _ = self.third_task("gm", labels="hard", refresh="iteration")
        labels = epoch(phases[1], run).y
        assert set(labels.tolist()) == {label for task in run.tasks for label in task.classes}

    def test_one_that_reads_labels_must_draw_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run, _, _ = self.third_task()
        monkeypatch.setattr(type(run.strategy.parts.generator), "labels", "hard")
        with pytest.raises(ConfigError, match="reads labels"):
            type(run.strategy)(run.strategy.config, run.info, run.strategy.parts)

    @pytest.mark.parametrize("labels", ["hard", "soft"])
    def test_nothing_is_forgotten_and_no_class_is_missed(self, labels: str) -> None:
        run = make(
            scenario={"name": "split-digits", "setting": "task"},
            generator={"name": "gaussian-mixture"},
            settings={"replay": {"labels": labels, "images": "mean"}, "classifier": {"epochs": 5, "min_steps": 100}},
        )
        events = list(train(run))
        accuracy = [event.accuracy for event in events if isinstance(event, TaskEnded)][-1]
        assert min(accuracy) > 0.9
        assert sum(accuracy) / 5 > 0.95
        assert not [event for event in events if isinstance(event, Warned)]
        shown = [event for event in events if isinstance(event, ReplayShown)]
        assert all(sum(event.coverage.values()) == pytest.approx(1) for event in shown)
        assert all(set(event.labels.tolist()) <= set(event.coverage) for event in shown)


class TestExperience:
    @pytest.mark.parametrize("refresh", ["iteration", "task"])
    def test_it_replays_stored_images_with_their_labels(self, refresh: str) -> None:
        run = make("experience-replay", settings={"buffer": 20, "replay": {"refresh": refresh}})
        examples = replayed(next(second_task(run)), run)
        stored = {
            (tuple(image.flatten().mul(255).round().tolist()), int(label))
            for image, label in zip(run.tasks[0].train.x, run.tasks[0].train.y, strict=True)
        }
        found = {
            (tuple(image.flatten().mul(255).round().tolist()), int(label))
            for image, label in zip(examples.x, examples.y, strict=True)
        }
        assert found <= stored
        assert 0 < len(found) <= 20

    @pytest.mark.parametrize("images", ["real", "drawn"])
    def test_pixels_of_stored_and_of_current_images_are_drawn_where_asked_for(self, images: str) -> None:
        run = make("experience-replay", settings={"buffer": 20, "images": images})
        x = epoch(next(second_task(run)), run).x
        assert bool(((x == 0) | (x == 1)).all()) == (images == "drawn")

    def test_a_buffer_smaller_than_the_number_of_classes_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"9 images .* 10 classes"):
            make("experience-replay", settings={"buffer": 9})

    def test_its_bytes_are_those_of_the_images_and_labels(self) -> None:
        run = make("experience-replay", settings={"buffer": 20})
        sizes = [event.buffer_bytes for event in train(run) if isinstance(event, TaskEnded)]
        assert sizes == [20 * (64 + 8)] * 2

    def test_the_buffer_goes_into_another_run(self) -> None:
        one, other = make("experience-replay"), make("experience-replay")
        for _ in train(one):
            pass
        load_state(other.strategy, state_of(one.strategy))
        assert other.strategy.buffer_bytes() == one.strategy.buffer_bytes() > 0


@pytest.mark.parametrize("setting", ["class", "task", "domain"])
@pytest.mark.parametrize("labels", ["hard", "soft", None])
def test_all_settings_run(setting: str, labels: str | None) -> None:
    strategy = "experience-replay" if labels is None else "generative-replay"
    settings = {} if labels is None else {"replay": {"labels": labels}}
    scenario = {"name": "split-digits", "tasks": 3, "per_class": 40, "setting": setting}
    run = make(strategy, settings=settings, scenario=scenario)
    events = list(train(run))
    assert len([event for event in events if isinstance(event, TaskEnded)]) == 3
    assert [event.replayed > 0 for event in events if isinstance(event, TaskStarted)] == [False, True, True]


def test_replay_keeps_what_fine_tuning_forgets() -> None:
    scenario = {"name": "split-digits", "tasks": 2}
    kept = {}
    for count in (0, 500):
        run = make(
            "experience-replay",
            scenario=scenario,
            schedule={"name": "fixed", "samples": count},
            settings={"classifier": {"epochs": 20, "min_steps": 0}},
        )
        kept[count] = [event.accuracy[0] for event in train(run) if isinstance(event, TaskEnded)][-1]
    assert kept[0] < 0.2
    assert kept[500] > 0.8
