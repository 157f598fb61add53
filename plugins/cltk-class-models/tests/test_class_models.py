from __future__ import annotations

from pathlib import Path

import pytest

import cltk
from cltk.api import Machine
from cltk.errors import ConfigError
from cltk.testing import conformance_tests
from cltk_class_models.generative_classifier import GenerativeClassifier
from cltk_class_models.pec import PEC

QUICK = {"training": {"epochs": 1, "min_steps": 60, "batch_size": 8}}

test_generative_classifier = conformance_tests(GenerativeClassifier, {"hidden": 16, "samples": 8, **QUICK})
test_pec = conformance_tests(PEC, {"teacher": 20, "training": {"epochs": 3, "min_steps": 0, "batch_size": 1}})


@pytest.mark.parametrize("strategy", ["generative-classifier", "pec"])
def test_tasks_that_share_classes_are_refused(tmp_path: Path, machine: Machine, strategy: str) -> None:
    experiment = cltk.load(scenario={"name": "split-digits", "setting": "domain"}, strategy=strategy)
    with pytest.raises(ConfigError, match="share classes"):
        cltk.run(experiment, store=tmp_path, machine=machine)


@pytest.mark.parametrize(("strategy", "least"), [("generative-classifier", 0.88), ("pec", 0.90)])
def test_the_digits_are_told_apart(tmp_path: Path, machine: Machine, strategy: str, least: float) -> None:
    record = cltk.run(cltk.load(scenario="split-digits", strategy=strategy), store=tmp_path, machine=machine)
    assert record.metrics["final-average-accuracy"] > least
