"""Studies from Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cltk
import cltk_studies
from cltk.errors import ConfigError

FINETUNE = {"scenario": {"name": "split-digits", "per_class": 20}, "strategy": {"name": "finetune"}}


@pytest.fixture
def experiment() -> cltk.api.Experiment:
    return cltk.load(
        name="api", seeds=[0, 1], **FINETUNE, strategy__classifier__epochs=1, strategy__classifier__min_steps=0
    )


def test_importing_it_imports_neither_torch_nor_optuna() -> None:
    code = "import sys, cltk_studies; print(sorted({'torch', 'optuna', 'typer'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_an_ablation(experiment: cltk.api.Experiment, store: Path) -> None:
    ending = cltk_studies.ablate(
        experiment, axes={"strategy.classifier.lr": [0.001, 0.01]}, objective="chaudhry-forgetting", store=store
    )
    assert ending.result is not None
    assert ending.result.finished == 4
    assert ending.result.study.objective == ("chaudhry-forgetting",)
    assert not ending.interrupted
    again = cltk_studies.ablate(experiment, axes={"strategy.classifier.lr": [0.001, 0.01]}, store=store)
    assert again.to_dict()["cells"][1]["settings"] == {"strategy": {"classifier": {"lr": 0.01}}}
    report = cltk_studies.report("api", store, metrics=["operations"])
    assert report.result.finished == 4
    assert "operations" in report.metrics


def test_a_search_without_a_schedule(experiment: cltk.api.Experiment, store: Path) -> None:
    space = {"strategy.classifier.lr": {"low": 1e-4, "high": 1e-1, "log": True}}
    ending = cltk_studies.tune(experiment, space=space, trials=3, seeds=[0], store=store)
    assert ending.result is not None
    assert [cell.name for cell in ending.result.cells] == ["defaults", "trial 1", "trial 2"]
    assert ending.chosen is not None
    assert set(ending.chosen.values) == {"final-average-accuracy"}
    assert ending.test is not None
    assert ending.test.result is not None
    assert ending.test.result.study.baseline.split(" = ")[-1] == "defaults"


def test_what_is_wrong_is_raised(experiment: cltk.api.Experiment, store: Path) -> None:
    with pytest.raises(ConfigError, match="no table"):
        cltk_studies.ablate(experiment, store=store)
    with pytest.raises(ConfigError, match="no metric 'speed'"):
        cltk_studies.ablate(experiment, axes={"strategy.classifier.lr": [0.1, 1]}, objective="speed", store=store)
    assert not store.exists()
