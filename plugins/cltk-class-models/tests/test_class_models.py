from __future__ import annotations

from pathlib import Path

import pytest

import cltk
from cltk.api import Machine
from cltk.errors import ConfigError
from cltk.testing import conformance_tests
from cltk_class_models.generative_classifier import GenerativeClassifier

QUICK = {"training": {"epochs": 1, "min_steps": 60, "batch_size": 8}}

test_generative_classifier = conformance_tests(GenerativeClassifier, {"hidden": 16, "samples": 8, **QUICK})


def test_tasks_that_share_classes_are_refused(tmp_path: Path, machine: Machine) -> None:
    experiment = cltk.load(scenario={"name": "split-digits", "setting": "domain"}, strategy="generative-classifier")
    with pytest.raises(ConfigError, match="share classes"):
        cltk.run(experiment, store=tmp_path, machine=machine)


def test_the_digits_are_told_apart(tmp_path: Path, machine: Machine) -> None:
    experiment = cltk.load(scenario="split-digits", strategy="generative-classifier")
    record = cltk.run(experiment, store=tmp_path, machine=machine)
    assert record.metrics["final-average-accuracy"] > 0.88
