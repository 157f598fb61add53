"""iCaRL: how exemplars are chosen, what is learned from them, and how they classify."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, train
from cltk.errors import ConfigError
from cltk.events import TaskEnded
from cltk.interfaces import Examples, ScenarioInfo, Train
from cltk.testing import conformance_tests
from cltk_exemplars.exemplars import Exemplars
from cltk_exemplars.herding import herd
from cltk_exemplars.icarl import ICaRL

INFO = ScenarioInfo((1, 2, 2), 4, (8, 8), ((0, 1), (2, 3)), "class")

test_icarl = conformance_tests(ICaRL, {"buffer": 12, "classifier": {"epochs": 4, "min_steps": 60, "batch_size": 8}})


def make(tasks: int = 2, setting: str = "class", **settings: Any) -> Run:
    budget = {"epochs": 5, "min_steps": 200, "batch_size": 32, "lr": 3e-3}
    experiment = load(
        scenario={"name": "split-digits", "tasks": tasks, "setting": setting},
        strategy={"name": "icarl", "buffer": 50, "classifier": budget, **settings},
        classifier={"name": "mlp", "hidden": [50], "dropout": 0.0},
    )
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def strategy_of(run: Run) -> ICaRL:
    assert isinstance(run.strategy, ICaRL)
    return run.strategy


class TestHerding:
    def test_each_choice_brings_the_mean_as_close_as_any_could(self) -> None:
        features = F.normalize(torch.rand(30, 5, generator=torch.Generator().manual_seed(0)), dim=1)
        mean = F.normalize(features.mean(0), dim=0)
        chosen = herd(features, 30).tolist()
        assert sorted(chosen) == list(range(30))
        for rank in range(len(chosen)):
            free = [index for index in range(30) if index not in chosen[:rank]]
            distances = [float((features[[*chosen[:rank], index]].mean(0) - mean).norm()) for index in free]
            assert min(distances) == pytest.approx(distances[free.index(chosen[rank])], abs=1e-6)

    def test_all_are_chosen_where_there_are_fewer(self) -> None:
        assert sorted(herd(F.normalize(torch.rand(3, 2), dim=1), 5).tolist()) == [0, 1, 2]


def test_the_first_exemplars_of_each_class_are_kept() -> None:
    exemplars = Exemplars(INFO, torch.device("cpu"))
    grey = torch.arange(6).float()[:, None, None, None].expand(6, 1, 2, 2) / 255
    exemplars.add(Examples(grey, torch.tensor([1, 1, 1, 0, 0, 0])))
    exemplars.reduce(2)
    kept = exemplars.all()
    assert (kept.x[:, 0, 0, 0] * 255).round().tolist() == [0, 1, 3, 4]
    assert kept.y.tolist() == [1, 1, 0, 0]
    assert exemplars.bytes == 4 * (4 + 8)


class TestICaRL:
    @pytest.mark.parametrize("selection", ["herding", "random"])
    def test_exemplars_are_images_of_their_class_by_herding_or_by_the_seed(self, selection: str) -> None:
        def choose() -> tuple[Examples, bool]:
            run = make(selection=selection)
            next(event for event in train(run) if isinstance(event, TaskEnded))
            strategy, own = strategy_of(run), run.tasks[0].train
            exemplars = strategy.exemplars.all()
            nearest = torch.cdist(exemplars.x.flatten(1), own.x.flatten(1)).min(1)
            assert nearest.values.max() < 0.05  # They are stored in bytes.
            assert torch.equal(own.y[nearest.indices], exemplars.y)
            images = own.x[own.y == exemplars.y[0]]
            first = images[herd(strategy._features(images), 1)]
            return exemplars, bool((first - exemplars.x[0]).abs().max() < 0.05)

        (exemplars, herded), (again, _) = choose(), choose()
        assert herded == (selection == "herding")
        assert torch.equal(exemplars.x, again.x)

    def test_targets_are_the_labels_and_for_earlier_classes_what_the_network_said(self) -> None:
        run = make(temperature=2.0)
        next(event for event in train(run) if isinstance(event, TaskEnded))
        with torch.no_grad():
            said = run.strategy.parts.classifier(run.tasks[1].train.x[:4])
        phase = next(iter(run.strategy.phases(run.tasks[1], run.streams)))
        assert isinstance(phase, Train)
        with torch.no_grad():
            for parameter in run.strategy.parts.classifier.parameters():
                parameter.mul_(0.9)
        batch = run.tasks[1].train[:4]
        logits = run.strategy.parts.classifier(batch.x)
        targets = F.one_hot(batch.y, 10).float()
        old, new = (list(task.classes) for task in run.tasks)
        targets[:, old] = (said[:, old] / 2).sigmoid()
        expected = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")[:, old + new].sum(1)
        torch.testing.assert_close(phase.loss(batch, torch.Generator()), expected)

    def test_it_trains_on_the_task_and_all_exemplars(self) -> None:
        run = make()
        next(event for event in train(run) if isinstance(event, TaskEnded))
        phase = next(iter(run.strategy.phases(run.tasks[1], run.streams)))
        labels = Examples.concat(list(phase.batches.epoch(run.streams))).y
        expected = [*run.tasks[1].train.y.tolist(), *run.tasks[0].classes * (50 // len(run.tasks[0].classes))]
        assert sorted(labels.tolist()) == sorted(expected)

    def test_every_class_has_its_share_of_the_buffer(self) -> None:
        run = make(tasks=5)
        for event in train(run):
            if isinstance(event, TaskEnded):
                seen = run.info.seen(event.task + 1)
                counts = torch.bincount(strategy_of(run).exemplars.all().y, minlength=10)
                assert counts[list(seen)].tolist() == [50 // len(seen)] * len(seen)
                assert event.buffer_bytes == 50 // len(seen) * len(seen) * (64 + 8)

    def test_the_nearest_mean_of_the_exemplars_decides(self) -> None:
        run = make()
        for _ in train(run):
            pass
        stored, x = strategy_of(run).exemplars.all(), run.tasks[1].test.x
        with torch.no_grad():
            features = [F.normalize(run.strategy.parts.classifier.features(part), dim=1) for part in (stored.x, x)]
        means = torch.stack([F.normalize(features[0][stored.y == label].mean(0), dim=0) for label in range(10)])
        assert torch.equal(run.strategy.predict(x).argmax(1), torch.cdist(features[1], means).argmin(1))

    def test_it_keeps_all_tasks(self) -> None:
        run = make(tasks=5, buffer=100)
        rows = [event.accuracy for event in train(run) if isinstance(event, TaskEnded)]
        assert sum(rows[-1]) / 5 > 0.8

    def test_a_buffer_smaller_than_the_number_of_classes_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"9 images .* 10 classes"):
            make(tasks=5, buffer=9)

    def test_tasks_that_share_classes_are_refused(self) -> None:
        with pytest.raises(ConfigError, match="share classes"):
            make(setting="domain")
