"""Metrics of several runs, against values worked out by hand."""

from collections.abc import Callable
from math import isinf, isnan

import pytest

from cltk.interfaces import Record
from cltk.record import TaskRecord
from cltk_metrics.intransigence import Intransigence
from cltk_metrics.normalised import NormalisedForgetting, NormalisedPlasticity, NormalisedStability
from cltk_metrics.stability import Stability

ONES = {"operations": 1, "single_pass": 1, "model_bytes": 1, "buffer_bytes": 0, "extra_bytes": 0}


@pytest.fixture
def run() -> Callable[..., Record]:
    def make(*rows: tuple[float, float], seed: int = 0) -> Record:
        tasks = [TaskRecord(classes=[i], samples=1, replayed=0, accuracy=row, **ONES) for i, row in enumerate(rows[1:])]
        return Record(
            run_id=f"run-seed{seed}",
            status="finished",
            config={"name": "run"},
            config_hash="",
            seed=seed,
            plugins={},
            classes=[[0], [1]],
            untrained=rows[0],
            tasks=tasks,
            data_bytes=1,
        )

    return make


def test_stability_is_what_the_deviation_of_the_weighted_criteria_leaves(run):
    # A: (0.9 + 0.6 + 0.6) / 3 = 0.7 and (0.6 + 0.6 + 0.6) / 3 = 0.6, std 0.1 / sqrt(2).
    # FWT: 0.2 and 0, std 0.2 / sqrt(2).
    runs = [run((0, 0), (0.9, 0.2), (0.6, 0.6)), run((0, 0), (0.6, 0.0), (0.6, 0.6), seed=1)]
    plain = dict.fromkeys(("accuracy", "rem", "bwt_plus", "fwt", "ms", "sss", "ce"), 0.0)
    one = Stability(Stability.Config(**plain | {"accuracy": 1.0}))
    assert one.value(runs, {}) == pytest.approx(1 - 0.1 / 2**0.5)
    both = Stability(Stability.Config(**plain | {"accuracy": 1.0, "fwt": 3.0}))
    assert both.value(runs, {}) == pytest.approx(1 - (0.1 + 3 * 0.2) / 4 / 2**0.5)
    assert one.value([runs[0], runs[0]], {}) == 1.0
    assert isnan(one.value(runs[:1], {}))


def test_intransigence_is_what_joint_training_knows_more_of_new_tasks(run):
    metric = Intransigence(Intransigence.Config())
    runs = [run((0, 0), (0.9, 0), (0.1, 0.5)), run((0, 0), (0.7, 0), (0.1, 0.7), seed=1)]
    joint = [run((0, 0), (0.9, 0), (0.9, 0.8))]
    assert metric.value(runs, {"joint": joint}) == pytest.approx(0.85 - 0.7)
    assert metric.value(runs, {"joint": runs}) == 0.0


def test_intransigence_asks_for_joint_training_with_the_same_budget():
    metric = Intransigence(Intransigence.Config())
    strategy = {"name": "generative-replay", "classifier": {"epochs": 3}, "generator": {"epochs": 4}}
    wanted = {"joint": {"strategy": {"name": "joint", "classifier": {"epochs": 3}}}}
    assert metric.references({"strategy": strategy}) == wanted
    assert metric.references({"strategy": {"name": "x"}}) == {"joint": {"strategy": {"name": "joint"}}}


def test_stability_is_the_part_of_the_first_task_that_joint_training_keeps(run):
    metric = NormalisedStability(NormalisedStability.Config())
    runs = [run((0, 0), (0.9, 0), (0.2, 0.5)), run((0, 0), (0.7, 0), (0.4, 0.7), seed=1)]
    joint = [run((0, 0), (1.0, 0), (0.6, 0.8))]
    assert metric.value(runs, {"joint": joint}) == pytest.approx(0.3 / 0.6)
    assert metric.value(joint, {"joint": joint}) == 1.0


def test_plasticity_is_the_part_of_new_tasks_that_finetuning_learns(run):
    metric = NormalisedPlasticity(NormalisedPlasticity.Config())
    runs = [run((0, 0), (0.9, 0), (0.2, 0.4)), run((0, 0), (0.7, 0), (0.4, 0.6), seed=1)]
    finetune = [run((0, 0), (1.0, 0), (0.0, 0.8))]
    assert metric.value(runs, {"finetune": finetune}) == pytest.approx(0.5 / 0.8)


def test_forgetting_is_the_part_of_what_finetuning_forgets(run):
    metric = NormalisedForgetting(NormalisedForgetting.Config())
    runs = [run((0, 0), (0.9, 0), (0.7, 0.4)), run((0, 0), (0.7, 0), (0.5, 0.6), seed=1)]
    finetune = [run((0, 0), (1.0, 0), (0.2, 0.8))]
    assert metric.value(runs, {"finetune": finetune}) == pytest.approx(0.2 / 0.8)
    steady = [run((0, 0), (0.9, 0), (0.9, 0.4))]
    assert metric.value(steady, {"finetune": finetune}) == 0.0
    assert metric.value(steady, {"finetune": steady}) == 1.0
    assert isinf(metric.value(runs, {"finetune": steady}))


@pytest.mark.parametrize(
    ("metric", "name"),
    [(NormalisedStability, "joint"), (NormalisedPlasticity, "finetune"), (NormalisedForgetting, "finetune")],
)
def test_references_keep_the_budget(metric, name):
    config = {"strategy": {"name": "generative-replay", "classifier": {"epochs": 3}, "generator": {"epochs": 4}}}
    wanted = {name: {"strategy": {"name": name, "classifier": {"epochs": 3}}}}
    assert metric(metric.Config()).references(config) == wanted
