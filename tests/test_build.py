"""What an experiment means, whatever else is installed and whatever was prepared before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from cltk.build import prepare
from cltk.config import check
from cltk.errors import ConfigError, PluginError
from cltk.experiment import Experiment, config_hash
from cltk.machine import Machine
from cltk.registry import forget
from cltk.resolve import resolve
from cltk.runs.recorder import new_record, run_id
from cltk.runs.repeat import experiment_of

CPU = Machine(device="cpu", threads=1)

LAZY = """
from torch import nn
from cltk.interfaces import Classifier

class Lazy(Classifier):
    def __init__(self, config, info):
        super().__init__()
        self.layer = nn.LazyLinear(info.outputs)

    def forward(self, x):
        return self.layer(x.flatten(1))
"""


@pytest.fixture
def another_mlp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Installs a distribution with a classifier of the name of one that is installed already."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])

    def install() -> None:
        folder = tmp_path / "acme_mlp-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-mlp\nVersion: 1.2\n")
        (folder / "entry_points.txt").write_text("[cltk.classifiers]\nmlp = acme:Classifier\n")
        forget()

    yield install
    monkeypatch.undo()
    forget()


class TestIdentity:
    def test_it_does_not_depend_on_what_else_is_installed(
        self, digits: Experiment, make_digits: Callable[..., Experiment], another_mlp: Callable[[], None]
    ) -> None:
        before = prepare(digits, CPU)
        record = new_record(before, before.assemble(0))
        another_mlp()
        with pytest.raises(ConfigError, match="acme-mlp"):
            prepare(make_digits(classifier="mlp"), CPU)
        now = prepare(make_digits(classifier="cltk-mlp:mlp"), CPU)
        assert run_id(now, 0) == run_id(before, 0)
        assert now.config == before.config
        assert run_id(prepare(experiment_of(record), CPU), 0) == record.run_id

    def test_it_does_not_depend_on_how_a_distribution_spells_its_name(self) -> None:
        config = {"generator": {"name": "gan"}}
        assert config_hash(config, {"generator": "Acme_GAN 1"}) == config_hash(config, {"generator": "acme-gan 1"})

    def test_it_is_known_without_the_data(self, digits: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
        prepared = prepare(digits, CPU)
        monkeypatch.setattr("cltk.build._load_scenario", None)
        assert resolve(digits).config_hash == prepared.config_hash

    def test_its_configuration_means_the_same_again(self, digits: Experiment) -> None:
        resolved = resolve(digits)
        assert resolve(check(Experiment, resolved.config, "it")).config_hash == resolved.config_hash


class TestPreparing:
    def test_it_sets_nothing_in_the_process(self, make_digits: Callable[..., Experiment]) -> None:
        before = torch.get_num_threads()
        prepared = prepare(make_digits(), Machine(device="cpu", threads=before + 1))
        assert torch.get_num_threads() == before
        assert prepared.assemble(0).threads == before + 1

    def test_a_metric_is_asked_for_once(self, make_digits: Callable[..., Any]) -> None:
        with pytest.raises(ConfigError, match="'diaz-bwt' is asked for twice"):
            resolve(make_digits(metrics=["diaz-bwt", "cltk-metrics:diaz-bwt"]))


def test_a_network_whose_first_weights_no_seed_decides_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_digits: Callable[..., Any]
) -> None:
    (tmp_path / "acme-1.0.dist-info").mkdir()
    (tmp_path / "acme-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (tmp_path / "acme-1.0.dist-info" / "entry_points.txt").write_text("[cltk.classifiers]\nlazy = acme_lazy:Lazy\n")
    (tmp_path / "acme_lazy.py").write_text(LAZY)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    forget()
    try:
        with pytest.raises(PluginError, match="'classifier' has a lazy module"):
            prepare(make_digits(strategy="finetune", generator=None, classifier="lazy"), CPU)
    finally:
        forget()


def test_what_is_set_without_effect_is_said() -> None:
    """A field that does nothing beside the others, in a group of settings too; none that has its default."""
    given: dict[str, Any] = {"scenario": {"name": "split-digits"}, "strategy": {"name": "ewc", "decay": 0.5}}
    given["strategy"]["classifier"] = {"steps": 3, "epochs": 7, "min_steps": 300, "momentum": 0.5}
    assert prepare(check(Experiment, given, "it"), CPU).notices == [
        "strategy.decay has no effect: the importance of each task is kept as it is unless online.",
        "strategy.classifier.epochs has no effect: steps = 3 says how long to train.",
        "strategy.classifier.momentum has no effect: the optimizer is adam.",
    ]
    given["strategy"] |= {"online": True, "classifier": {"epochs": 7, "momentum": 0.5, "optimizer": "sgd"}}
    assert prepare(check(Experiment, given, "it"), CPU).notices == []


def test_replay_that_is_drawn_once_is_not_drawn_ahead() -> None:
    given: dict[str, Any] = {"scenario": {"name": "split-digits"}, "strategy": {"name": "generative-replay"}}
    given |= {"generator": "vae", "schedule": "equal", "classifier": "mlp"}
    given["strategy"]["replay"] = {"ahead": 8}
    assert prepare(check(Experiment, given, "it"), CPU).notices == []
    given["strategy"]["replay"] |= {"refresh": "task", "temperature": 4.0}
    assert prepare(check(Experiment, given, "it"), CPU).notices == [
        "strategy.replay.temperature has no effect: labels are hard.",
        "strategy.replay.ahead has no effect: all samples of a task are drawn at once.",
    ]


def test_a_group_is_compared_with_its_own_defaults() -> None:
    """Those of a strategy's budget are its own, and not those of budgets at large."""
    given: dict[str, Any] = {"scenario": {"name": "split-digits"}, "strategy": {"name": "generative-replay"}}
    given["strategy"] |= {"generator": {"steps": 3, "epochs": 50}, "replay": {"temperature": 4.0, "labels": "hard"}}
    assert prepare(check(Experiment, given, "it"), CPU).notices == [
        "strategy.replay.temperature has no effect: labels are hard."
    ]
