"""Tasks may share classes in every setting; which units compete for a sample is a matter of its task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from cltk.api import Machine, load
from cltk.build import prepare
from cltk.engine import Run, load_state, state_of, train
from cltk.events import TaskEnded
from cltk.interfaces import (
    UNKNOWN,
    Buffer,
    Examples,
    Parts,
    ScenarioInfo,
    Streams,
    Task,
    classification_loss,
    task_masks,
)

INFO = ScenarioInfo((1, 1, 1), 4, (4, 4, 4), ((0, 1), (1, 2), (1, 3)), "task")
LOGITS = torch.tensor([[1.0, 2.0, 3.0, 4.0]])


def loss(label: int, task: int | None) -> float:
    column = None if task is None else torch.tensor([task])
    batch = Examples(torch.zeros(1, 1, 1, 1), torch.tensor([label]), task=column)
    return float(classification_loss(LOGITS, batch, task_masks(INFO)))


def expected(label: int, units: list[int]) -> float:
    return float(F.cross_entropy(LOGITS[:, units], torch.tensor([units.index(label)])))


@pytest.mark.parametrize(("task", "units"), [(0, [0, 1]), (1, [1, 2]), (2, [1, 3])])
def test_a_sample_competes_within_its_task(task: int, units: list[int]) -> None:
    assert loss(1, task) == pytest.approx(expected(1, units))


def test_one_of_an_unknown_task_competes_within_all_tasks_of_its_label() -> None:
    for task in (None, UNKNOWN):
        assert loss(1, task) == pytest.approx(expected(1, [0, 1, 2, 3]))
        assert loss(2, task) == pytest.approx(expected(2, [1, 2]))


def test_soft_targets_of_a_known_task_compete_within_it() -> None:
    soft = torch.tensor([[0.0, 0.25, 0.75, 0.0]])
    batch = Examples(torch.zeros(1, 1, 1, 1), torch.tensor([-100]), soft=soft, task=torch.tensor([1]))
    came = classification_loss(LOGITS, batch, task_masks(INFO))
    assert float(came) == pytest.approx(float(-(soft[:, 1:3] * F.log_softmax(LOGITS[:, 1:3], 1)).sum()))


def test_soft_targets_of_an_unknown_task_are_shared_out_evenly() -> None:
    soft = torch.tensor([[0.25, 0.6, 0.0, 0.15]])
    batch = Examples(torch.zeros(1, 1, 1, 1), torch.tensor([-100]), soft=soft)
    came = classification_loss(LOGITS, batch, task_masks(INFO))
    thirds = {(0, 1): (0.25, 0.2), (1, 2): (0.2, 0.0), (1, 3): (0.2, 0.15)}
    each = [-(torch.tensor(p) * F.log_softmax(LOGITS[0, list(units)], 0)).sum() for units, p in thirds.items()]
    assert float(came) == pytest.approx(float(sum(each)))


def test_soft_targets_join_samples_that_have_none() -> None:
    plain = Examples(torch.zeros(1, 1, 1, 1), torch.tensor([3]))
    joined = Examples.concat([plain, Examples(plain.x, plain.y, soft=torch.ones(1, 4) / 4), plain])
    assert joined.soft is not None
    assert joined.soft.tolist() == [[0.0] * 4, [0.25] * 4, [0.0] * 4]


def test_tasks_are_joined_with_unknown_ones() -> None:
    known = Examples(torch.zeros(2, 1, 1, 1), torch.tensor([0, 1]), task=torch.tensor([0, 2]))
    plain = Examples(torch.zeros(1, 1, 1, 1), torch.tensor([3]))
    joined = Examples.concat([known, plain])
    assert joined.task is not None
    assert joined.task.tolist() == [0, 2, UNKNOWN]
    assert joined[torch.tensor([2, 1])].tasks.tolist() == [UNKNOWN, 2]
    assert Examples.concat([plain, plain]).task is None


def test_a_buffer_tells_tasks_where_they_matter() -> None:
    buffer, plain = (Buffer(8, info, torch.device("cpu")) for info in (INFO, replace(INFO, setting="class")))
    for index in range(2):
        part = Examples(torch.rand(4, 1, 1, 1), torch.tensor(INFO.classes[index]).repeat(2))
        for each in (buffer, plain):
            each.add(Task(index, INFO.classes[index], part, part, part), Streams(0))
    assert plain.draw(3, torch.Generator()).task is None
    stored = buffer.all()
    assert stored.task is not None
    assert all(label in INFO.classes[task] for label, task in zip(stored.y.tolist(), stored.task.tolist(), strict=True))


def blurry(setting: str, strategy: str, settings: dict[str, Any], seed: int = 0) -> Run:
    """Three tasks of three classes, of which neighbours share one."""
    budgets: dict[str, Any] = {"classifier": {"lr": 0.01, "epochs": 3, "min_steps": 60}}
    slots: dict[str, Any] = {
        "scenario": {"name": "split-digits", "tasks": 2, "per_class": 30},
        "strategy": {"name": strategy, **budgets, **settings},
    }
    if strategy == "generative-replay":
        slots["strategy"]["generator"] = {"epochs": 1, "min_steps": 0}
        slots["generator"] = {"name": "vae", "hidden": [16], "latent_dim": 3}
    prepared = prepare(load(**slots), Machine("cpu", threads=1))
    plain = prepared.assemble(seed)
    classes = ((0, 1, 2), (2, 3, 4), (4, 5, 0))

    def cut(name: str, wanted: tuple[int, ...]) -> Examples:
        whole = Examples.concat([getattr(task, name) for task in plain.tasks])
        return whole[torch.isin(whole.y, torch.tensor(wanted))]

    tasks = [Task(i, own, cut("train", own), cut("test", own), cut("test", own)) for i, own in enumerate(classes)]
    sizes = tuple(len(task.train) for task in tasks)
    info = ScenarioInfo(plain.info.shape, plain.info.outputs, sizes, classes, setting)  # type: ignore[arg-type]
    chosen = prepared.resolved.components
    streams = Streams(seed)
    slots = {}
    for slot in ("generator", "classifier", "schedule"):
        if slot in chosen:
            with streams.scope("init", slot):
                slots[slot] = chosen[slot].build(info)
    return Run(info, tasks, chosen["strategy"].build(info, Parts(slots)), streams)  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["class", "task", "domain"])
@pytest.mark.parametrize(
    ("strategy", "settings"),
    [
        ("finetune", {}),
        ("experience-replay", {}),
        ("gdumb", {"cutmix": 0.5}),
        ("generative-replay", {"replay": {"labels": "soft"}}),
    ],
)
def test_shipped_strategies_learn_tasks_that_share_classes(
    setting: str, strategy: str, settings: dict[str, Any]
) -> None:
    run, other = (blurry(setting, strategy, settings, seed) for seed in (0, 1))
    rows = [event.accuracy for event in train(run) if isinstance(event, TaskEnded)]
    assert all(row[task] > 0.5 for task, row in enumerate(rows))
    load_state(other.strategy, state_of(run.strategy), completed=3)
    x = run.tasks[0].test.x
    assert torch.equal(other.strategy.predict(x), run.strategy.predict(x))
