"""Studies from Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cltk
import cltk_studies
from cltk.config import Settings
from cltk.errors import ConfigError
from cltk_studies.questions.grid import Ablation
from cltk_studies.questions.tuning import Tuning

FINETUNE = {"scenario": {"name": "split-digits", "per_class": 20}, "strategy": {"name": "finetune"}}
RATES = {"strategy.classifier.lr": [0.001, 0.01]}
SPACE = {"strategy.classifier.lr": {"low": 1e-4, "high": 1e-1, "log": True}}


@pytest.fixture
def experiment() -> cltk.api.Experiment:
    return cltk.load(
        name="api", seeds=[0, 1], **FINETUNE, strategy__classifier__epochs=1, strategy__classifier__min_steps=0
    )


def test_importing_it_imports_neither_torch_nor_optuna() -> None:
    code = "import sys, cltk_studies; print(sorted({'torch', 'optuna', 'typer'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_an_ablation(experiment: cltk.api.Experiment, store: Path) -> None:
    ending = cltk_studies.ablate(experiment, store=store, axes=RATES, objective="chaudhry-forgetting")
    assert ending.result is not None
    assert ending.result.finished == 4
    assert ending.result.study.objective == ("chaudhry-forgetting",)
    assert not ending.interrupted
    again = cltk_studies.ablate(experiment, store=store, axes=RATES)
    assert again.to_dict()["cells"][1]["settings"] == {"strategy": {"classifier": {"lr": 0.01}}}
    report = cltk_studies.report("api", store, metrics=["operations"])
    assert report.result.finished == 4
    assert "operations" in report.metrics


def test_a_search_without_a_schedule(experiment: cltk.api.Experiment, store: Path) -> None:
    ending = cltk_studies.tune(experiment, store=store, space=SPACE, trials=3, seeds=[0])
    assert ending.result is not None
    assert [cell.name for cell in ending.result.cells] == ["defaults", "trial 1", "trial 2"]
    assert ending.chosen is not None
    assert set(ending.chosen.values) == {"final-average-accuracy"}
    assert ending.test is not None
    assert ending.test.result is not None
    assert ending.test.result.study.baseline.split(" = ")[-1] == "defaults"


def test_references_are_cells_too(experiment: cltk.api.Experiment, store: Path) -> None:
    plan = cltk_studies.plan_ablation(experiment, store=store, axes=RATES, references=True)
    assert [planned.cell.name for planned in plan.cells][:3] == ["lr=0.001", "lr=0.01", "joint"]


def test_a_plan_says_what_would_be_done_and_writes_nothing(experiment: cltk.api.Experiment, store: Path) -> None:
    plan = cltk_studies.plan_ablation(experiment, store=store, workers=2, axes=RATES)
    assert (plan.runs, plan.workers) == (4, 2)
    assert plan.launched is not None
    assert "cltk worker" in plan.launched
    search = cltk_studies.plan_tuning(experiment, store=store, space=SPACE, trials=3, seeds=[0])
    assert (search.runs, search.launched) == (3, None)
    assert not store.exists()


def test_a_launcher_is_set_as_in_a_file(experiment: cltk.api.Experiment, store: Path) -> None:
    launcher = {"name": "slurm", "time": "1:23:00"}
    plan = cltk_studies.plan_ablation(experiment, store=store, launcher=launcher, axes=RATES)
    assert plan.launched is not None
    assert "1:23:00" in plan.launched
    misspelt = {"name": "slurm", "tme": "1:23:00"}
    with pytest.raises(ConfigError, match="Did you mean 'time'"):
        cltk_studies.plan_ablation(experiment, store=store, launcher=misspelt, axes=RATES)


def test_workers_are_left_at_work(experiment: cltk.api.Experiment, store: Path) -> None:
    left = cltk_studies.ablate(experiment, store=store, detach=True, axes=RATES, seeds=[0])
    assert left.detached
    ending = cltk_studies.ablate(experiment, store=store, axes=RATES, seeds=[0])
    assert ending.result is not None
    assert (ending.detached, ending.result.finished) == (False, 2)


@pytest.mark.parametrize(
    ("keywords", "table"), [(cltk_studies.AblationKeywords, Ablation), (cltk_studies.TuningKeywords, Tuning)]
)
def test_the_keywords_are_the_fields_of_the_table(keywords: type, table: type[Settings]) -> None:
    where = cltk_studies.SiteKeywords.__annotations__.keys()
    assert keywords.__annotations__.keys() - where == table.model_fields.keys()
    assert not where & table.model_fields.keys()


def test_what_is_wrong_is_raised(experiment: cltk.api.Experiment, store: Path) -> None:
    with pytest.raises(ConfigError, match="no table"):
        cltk_studies.ablate(experiment, store=store)
    with pytest.raises(ConfigError, match="no metric 'speed'"):
        cltk_studies.ablate(experiment, store=store, axes={"strategy.classifier.lr": [0.1, 1]}, objective="speed")
    with pytest.raises(ConfigError, match="Did you mean 'axes'"):
        cltk_studies.ablate(experiment, store=store, axis={"strategy.classifier.lr": [0.1, 1]})  # type: ignore[call-arg]
    with pytest.raises(ConfigError, match="cannot be 0 workers"):
        cltk_studies.ablate(experiment, store=store, workers=0, axes=RATES)
    assert not store.exists()
