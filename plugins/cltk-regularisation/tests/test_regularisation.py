"""EWC, SI and LwF: what each holds on to, and how strongly."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, train
from cltk.events import EpochEnded, TaskEnded
from cltk.interfaces import Examples, Strategy, Streams, Train
from cltk.testing import conformance_tests
from cltk_regularisation.ewc import EWC
from cltk_regularisation.fisher import diagonal_fisher
from cltk_regularisation.lwf import LwF
from cltk_regularisation.si import SI

SHORT = {"epochs": 1, "min_steps": 60, "batch_size": 8, "lr": 1e-2}
FEW = {"samples": 5, "classifier": SHORT}
KEPT = {"classifier": SHORT | {"reset_optimizer": False, "lr_schedule": "linear"}}

test_ewc = conformance_tests(EWC, config=FEW)
test_online_ewc = conformance_tests(EWC, config=FEW | {"online": True, "decay": 0.5})
test_si = conformance_tests(SI, config={"classifier": SHORT})
test_si_with_one_optimizer_for_all_tasks = conformance_tests(SI, config=KEPT)
test_lwf = conformance_tests(LwF, config={"classifier": SHORT})
test_lwf_among_classes_so_far = conformance_tests(LwF, config={"active": "so-far", "classifier": SHORT})


def make(strategy: str, tasks: int = 3, setting: str = "class", **settings: Any) -> Run:
    settings = (
        {"classifier": {"epochs": 1, "min_steps": 60}} | ({"samples": 20} if strategy == "ewc" else {}) | settings
    )
    experiment = load(
        scenario={"name": "split-digits", "tasks": tasks, "setting": setting},
        strategy={"name": strategy, **settings},
    )
    return prepare(experiment, Machine("cpu", threads=1)).assemble(0)


def weights_of(strategy: Strategy) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in strategy.parts.classifier.named_parameters()}


def after_each_task(run: Run) -> list[tuple[dict[str, Tensor], dict[str, Tensor]]]:
    """The strategy's extras and the classifier's weights after each task."""
    ended = (event for event in train(run) if isinstance(event, TaskEnded))
    kept = ((run.strategy.state_dict(), weights_of(run.strategy)) for _ in ended)
    return [({name: tensor.clone() for name, tensor in extras.items()}, weights) for extras, weights in kept]


def task_aware(run: Run) -> float:
    """Mean accuracy over all tasks in the end, each sample among the classes of its own task."""
    *_, last = (event for event in train(run) if isinstance(event, TaskEnded))
    return sum(last.task_aware) / len(last.task_aware)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_fisher_information_of_a_softmax_is_known(classes: int) -> None:
    """With p = softmax(Wx), that of the weight W_ij is the mean of p_i (1 - p_i) x_j²."""
    torch.manual_seed(0)
    layer = nn.Linear(3, classes)
    x = torch.rand(6, 1, 1, 3)
    examples = Examples(x, torch.zeros(6, dtype=torch.int64))
    came = diagonal_fisher(layer, lambda sample: layer(sample.x.flatten(1)).log_softmax(1)[0], examples)
    p = layer(x.flatten(1)).softmax(1).detach()
    torch.testing.assert_close(came["weight"], torch.einsum("ni,nj->ij", p * (1 - p), x.flatten(1) ** 2) / 6)
    torch.testing.assert_close(came["bias"], (p * (1 - p)).mean(0))


def test_one_penalty_has_the_gradient_of_those_of_all_tasks() -> None:
    (first, one), (second, two), _ = after_each_task(make("ewc"))
    for name in one:
        before, total = first[f"importance.{name}"], second[f"importance.{name}"]
        sum_of_both = before * one[name] + (total - before) * two[name]
        torch.testing.assert_close(total * second[f"anchor.{name}"], sum_of_both, rtol=1e-3, atol=1e-6)


def test_online_the_anchor_is_the_last_task_and_importance_decays() -> None:
    (first, _), (second, two), _ = after_each_task(make("ewc", online=True, decay=0.0))
    assert all(torch.equal(second[f"anchor.{name}"], two[name]) for name in two)
    (full, _), (both, _), _ = after_each_task(make("ewc", online=True, decay=1.0, strength=0.0))
    assert all(bool((both[name] >= full[name]).all()) for name in full if name.startswith("importance."))
    assert any(bool((second[name] < first[name]).any()) for name in first if name.startswith("importance."))


@pytest.mark.parametrize("strategy", ["ewc", "si"])
def test_the_stronger_the_penalty_the_less_what_matters_is_moved(strategy: str) -> None:
    """By the importance that each weight has after the first task, which is the same for all strengths."""

    def moved(strength: float) -> float:
        (extras, before), *_, (_, after) = after_each_task(make(strategy, strength=strength))
        ways = (extras[f"importance.{name}"] * (after[name] - before[name]).square() for name in before)
        return float(torch.stack([way.sum() for way in ways]).sum())

    assert moved(1e4) < moved(1e2) / 2 < moved(0.0) / 4


@pytest.mark.parametrize("strategy", ["ewc", "si"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_without_a_penalty_it_is_fine_tuning(strategy: str, optimizer: str) -> None:
    budget = {"epochs": 2, "min_steps": 0, "optimizer": optimizer, "lr_schedule": "cosine"}
    (_, ours), (_, theirs) = (
        after_each_task(make(name, classifier=budget, **extra))[-1]
        for name, extra in ((strategy, {"strength": 0.0}), ("finetune", {}))
    )
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=1e-5)


def test_the_path_integral_adds_up_to_the_fall_of_the_loss() -> None:
    """All images in one batch, and small steps of plain descent."""
    budget = {"steps": 40, "batch_size": 2000, "optimizer": "sgd", "momentum": 0.0, "lr": 0.02, "weight_decay": 0.0}
    run = make("si", classifier=budget)
    losses = []
    for event in train(run):
        if isinstance(event, EpochEnded):
            losses.append(event.loss)
        if len(losses) == 40:
            break
    paths = [tensor.sum() for name, tensor in run.strategy.state_dict().items() if name.startswith("path.")]
    assert losses[0] is not None
    assert losses[-1] is not None
    fallen = losses[0] - losses[-1]
    assert fallen > 0.1
    assert float(torch.stack(paths).sum()) == pytest.approx(fallen, rel=0.1)


@pytest.mark.parametrize("strategy", ["ewc", "si", "lwf"])
def test_it_forgets_less_than_fine_tuning_within_tasks(strategy: str) -> None:
    """Classes of different tasks never compete here; the hidden layers are what is forgotten."""
    budget = {"epochs": 20, "min_steps": 0, "lr": 1e-2}
    settings = {"ewc": {"strength": 1e4}, "si": {"strength": 10.0}}.get(strategy, {})
    ours = task_aware(make(strategy, tasks=5, setting="task", classifier=budget, **settings))
    assert ours > task_aware(make("finetune", tasks=5, setting="task", classifier=budget)) + 0.02


@pytest.mark.parametrize(
    ("settings", "shares"),
    [
        ({}, (1, 1)),
        ({"weighting": "task"}, (1 / 2, 1 / 2)),
        ({"weighting": "task", "scaled": True}, (1 / 2, 4 / 2)),
        ({"averaged": True}, (1, 1 / 7)),
    ],
)
def test_what_the_old_classifier_said_is_weighed_against_the_new_labels(
    settings: dict[str, Any], shares: tuple[float, float]
) -> None:
    run = make("lwf", **settings)
    task, old = run.tasks[1], list(run.tasks[0].classes)
    phase = next(iter(run.strategy.phases(task, run.streams.at("task", 1))))
    assert isinstance(phase, Train)
    batch, classifier = task.train[:7], run.strategy.parts.classifier
    before = classifier.eval()(batch.x).detach()
    with torch.no_grad():
        for weight in classifier.parameters():
            weight.mul_(1.5)
        logits = classifier(batch.x)
        came = phase.loss(batch, Streams(0).generator("loss"))
    told = (before[:, old] / 2).softmax(1)
    distilled = -(told * (logits / 2).log_softmax(1)[:, old]).sum(1)
    expected = shares[0] * F.cross_entropy(logits, batch.y, reduction="none") + shares[1] * distilled
    torch.testing.assert_close(came, expected)


def test_classes_to_come_do_not_compete_where_only_those_so_far_are_active() -> None:
    run = make("lwf", active="so-far")
    task, strategy = run.tasks[0], run.strategy
    strategy.begin_task(task.classes)
    phase = next(iter(strategy.phases(task, run.streams.at("task", 0))))
    assert isinstance(phase, Train)
    batch, classes = task.train[:7], list(task.classes)
    logits = strategy.parts.classifier.eval()(batch.x)[:, classes]
    expected = F.cross_entropy(logits, torch.tensor([classes.index(int(y)) for y in batch.y]), reduction="none")
    torch.testing.assert_close(phase.loss(batch, Streams(0).generator("loss")), expected)
    assert sorted(classes) == strategy.predict(batch.x).isfinite().all(0).nonzero().flatten().tolist()
