"""Fine-tuning forgets, joint and cumulative training do not, and GDumb starts over from a buffer."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, load_state, state_of, train
from cltk.errors import ConfigError
from cltk.events import PhaseStarted, TaskEnded
from cltk.interfaces import Examples, Phase, Streams
from cltk.runs.runner import execute


def make(strategy: str, tasks: int = 2, per_class: int | None = 40, setting: str = "class", **settings: Any) -> Run:
    budget = settings.pop("classifier", {"epochs": 1, "min_steps": 0})
    scenario = {"name": "split-digits", "tasks": tasks, "setting": setting}
    experiment = load(
        scenario=scenario | ({"per_class": per_class} if per_class else {}),
        strategy={"name": strategy, "classifier": budget, **settings},
    )
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def phase_of(run: Run, task: int) -> Phase:
    return next(iter(run.strategy.phases(run.tasks[task], run.streams.at("task", task))))


def epoch(phase: Phase) -> Examples:
    return Examples.concat(list(phase.batches.epoch(Streams(0))))


def accuracy(run: Run) -> list[tuple[float, ...]]:
    return [event.accuracy for event in train(run) if isinstance(event, TaskEnded)]


def weights(run: Run) -> list[torch.Tensor]:
    return [tensor.clone() for tensor in run.strategy.parts.classifier.parameters()]


class TestFinetune:
    def test_it_trains_on_the_task_alone(self) -> None:
        run = make("finetune")
        for task in run.tasks:
            seen = epoch(phase_of(run, task.index))
            assert sorted(seen.y.tolist()) == sorted(task.train.y.tolist())

    def test_it_forgets(self) -> None:
        rows = accuracy(make("finetune", per_class=None, classifier={"epochs": 60, "min_steps": 0}))
        assert rows[0][0] > 0.8
        assert rows[1][0] < 0.1
        assert rows[1][1] > 0.8

    @pytest.mark.parametrize("is_reset", [True, False])
    @pytest.mark.parametrize("optimizer", ["adam", "sgd"])
    def test_in_the_task_setting_the_heads_of_other_tasks_stay_as_they_are(
        self, optimizer: str, is_reset: bool
    ) -> None:
        budget = {"epochs": 20, "min_steps": 0, "optimizer": optimizer, "lr": 0.01, "weight_decay": 0.01}
        budget |= {"reset_optimizer": is_reset}
        run = make("finetune", tasks=5, setting="task", classifier=budget)
        before = weights(run)[-2:]
        for event in train(run):
            if isinstance(event, TaskEnded):
                after = weights(run)[-2:]
                others = [label for label in range(10) if label not in run.tasks[event.task].classes]
                assert all(torch.equal(a[others], b[others]) for a, b in zip(before, after, strict=True))
                assert not torch.equal(before[0], after[0])
                before = after

    def test_in_the_task_setting_it_forgets_little(self) -> None:
        budget = {"epochs": 5, "min_steps": 300}
        last = accuracy(make("finetune", tasks=5, per_class=None, setting="task", classifier=budget))[-1]
        assert sum(last) / len(last) > 0.85

    def test_it_stores_nothing(self) -> None:
        assert make("finetune").strategy.buffer_bytes() == 0


class TestJoint:
    def test_it_sees_everything_so_far(self) -> None:
        run = make("joint")
        sizes = [len(epoch(phase_of(run, task.index))) for task in run.tasks]
        assert sizes == [len(run.tasks[0].train), len(run.tasks[0].train) + len(run.tasks[1].train)]

    def test_the_images_it_sees_are_those_of_the_tasks(self) -> None:
        """Stored as bytes, they come back to within half a step."""
        run = make("joint")
        for task in run.tasks:
            phase = phase_of(run, task.index)
        every = Examples.concat([task.train for task in run.tasks])
        seen, given = (examples.x.flatten(1).sum(1).sort().values for examples in (epoch(phase), every))
        torch.testing.assert_close(seen, given, rtol=0, atol=64 / 2 / 255)

    def test_it_keeps_the_first_task(self) -> None:
        rows = accuracy(make("joint", per_class=None, classifier={"epochs": 20, "min_steps": 0}))
        assert min(rows[1]) > 0.75


class TestCumulative:
    def test_it_sees_everything_so_far_and_goes_on(self) -> None:
        run = make("cumulative")
        sizes, starts, before = [], [], weights(run)
        for event in train(run):
            if isinstance(event, PhaseStarted):
                starts.append([torch.equal(a, b) for a, b in zip(before, weights(run), strict=True)])
            if isinstance(event, TaskEnded):
                sizes.append(event.buffer_bytes)
                before = weights(run)
        both = len(run.tasks[0].train), len(run.tasks[1].train)
        assert sizes == [both[0] * (64 + 8), sum(both) * (64 + 8)]
        assert all(map(all, starts))

    def test_it_keeps_the_first_task(self) -> None:
        rows = accuracy(make("cumulative", per_class=None, classifier={"epochs": 20, "min_steps": 0}))
        assert min(rows[1]) > 0.75


class TestGDumb:
    @pytest.mark.parametrize("strategy", ["gdumb", "joint"])
    def test_it_starts_over_at_each_task(self, strategy: str) -> None:
        run = make(strategy, tasks=3)
        initial = weights(run)
        for event in train(run):
            if isinstance(event, PhaseStarted):
                assert all(torch.equal(a, b) for a, b in zip(initial, weights(run), strict=True))
        assert not all(torch.equal(a, b) for a, b in zip(initial, weights(run), strict=True))

    def test_it_trains_on_a_balanced_buffer_alone(self) -> None:
        run = make("gdumb", tasks=5, buffer=50)
        for task in run.tasks:
            labels = epoch(phase_of(run, task.index)).y
            assert len(labels) == 50
            counts = torch.bincount(labels)[list(run.info.seen(task.index + 1))]
            assert int(counts.max() - counts.min()) <= 1

    def test_a_buffer_smaller_than_the_number_of_classes_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"7 images .* 10 classes"):
            make("gdumb", tasks=5, buffer=7)

    def test_its_bytes_are_those_of_the_buffer(self) -> None:
        run = make("gdumb", buffer=30)
        assert [event.buffer_bytes for event in train(run) if isinstance(event, TaskEnded)] == [30 * (64 + 8)] * 2

    @pytest.mark.parametrize("setting", ["class", "task", "domain"])
    def test_it_runs_with_cutmix_in_every_setting(self, setting: str) -> None:
        experiment = load(
            scenario={"name": "split-digits", "tasks": 2, "per_class": 20, "setting": setting},
            strategy={"name": "gdumb", "buffer": 40, "cutmix": 1.0, "classifier": {"epochs": 2}},
        )
        assert len(accuracy(prepare(experiment, Machine("cpu", threads=1)).assemble(0))) == 2

    def test_a_state_goes_into_another_run(self) -> None:
        one, other = make("gdumb"), make("gdumb")
        list(train(one))
        load_state(other.strategy, state_of(one.strategy))
        for name, tensor in state_of(one.strategy).items():
            assert torch.equal(tensor, state_of(other.strategy)[name])


@pytest.mark.parametrize("name", ["joint", "cumulative"])
def test_whoever_stores_all_data_has_stored_a_share_of_1(tmp_path, name):
    experiment = load(scenario="split-digits", strategy={"name": name, "classifier": {"epochs": 1, "min_steps": 0}})
    record = execute(prepare(experiment, Machine(device="cpu", threads=1)), 0, tmp_path)
    assert record.tasks[-1].buffer_bytes == record.data_bytes
    stored = (289, 578, 869, 1158, 1442)
    assert record.metrics["diaz-sss"] == pytest.approx(1 - sum(stored) / 1442 / 5)
    assert round(record.metrics["diaz-sss"], 4) == 0.3986


class TestDrawnImages:
    @pytest.mark.parametrize("strategy", ["joint", "gdumb"])
    def test_pixels_are_drawn_where_asked_for(self, strategy: str) -> None:
        for images in ("real", "drawn"):
            x = epoch(phase_of(make(strategy, images=images), 0)).x
            assert bool(((x == 0) | (x == 1)).all()) == (images == "drawn")


class TestJointAtTheEnd:
    def test_it_trains_once_on_everything(self) -> None:
        run = make("joint", tasks=3, at_end=True)
        started = [event for event in train(run) if isinstance(event, PhaseStarted)]
        assert [event.task for event in started] == [2]

    def test_it_ends_as_one_that_trained_at_every_task(self) -> None:
        ends = [make("joint", tasks=3, at_end=at_end) for at_end in (True, False)]
        rows = [accuracy(run) for run in ends]
        assert rows[0][-1] == rows[1][-1]
        assert all(torch.equal(*pair) for pair in zip(*map(weights, ends), strict=True))
