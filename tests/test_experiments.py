"""Every published experiment is sound, and runs from its file to its record."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cltk.api import Machine, load, run
from cltk.build import prepare
from cltk.config import Experiment
from cltk.record import Record

FOLDER = Path(__file__).parent.parent / "experiments"
FILES = sorted(FOLDER.glob("*.toml"))

Check = Callable[[Path, dict[str, Any]], Record]


def resized(file: Path, scenario: dict[str, Any]) -> Experiment:
    """The experiment on another scenario, with one epoch a network and a hundredth of the replay, else as it is."""
    layer = tomllib.loads(file.read_text())
    strategy = {
        name: {"epochs": 1, "min_steps": 0} for name in ("classifier", "generator") if name in layer["strategy"]
    }
    counts = {name: _hundredth(value) for name, value in layer.get("schedule", {}).items() if name != "name"}
    schedule = {"schedule": counts} if counts else {}
    return load(file, scenario=scenario, strategy=strategy, **schedule)


def _hundredth(value: Any) -> Any:
    return [count // 100 for count in value] if isinstance(value, list) else value // 100


def assert_whole(record: Record, experiment: Experiment) -> None:
    assert record.status == "finished", record.error
    assert len(record.accuracy) == len(record.classes) + 1
    assert record.metrics
    assert record.config["name"] == experiment.name


def test_there_are_experiments() -> None:
    assert {"genovese-2024", "devoto-2024-linear", "finetune", "joint"} <= {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
class TestEach:
    def test_it_is_named_for_its_file_and_says_what_for(self, file: Path) -> None:
        experiment = load(file)
        assert experiment.name == file.stem
        assert experiment.description
        assert len(experiment.seeds) >= 3
        assert file.read_text().startswith("# Claim")

    def test_every_setting_is_valid(self, file: Path, machine: Machine) -> None:
        """On the digits, whose tasks are as many as those of the scenario that it names."""
        scenario = {"name": "split-digits"}
        bench = prepare(load(file, scenario=scenario), machine)
        assert bench.info.tasks == 5
        assert not bench.notices

    def test_it_runs(self, file: Path, machine: Machine, tmp_path: Path) -> None:
        experiment = resized(file, {"name": "split-digits", "per_class": 20})
        assert_whole(run(experiment, seed=1, store=tmp_path, machine=machine), experiment)


@pytest.mark.parametrize("name", ["genovese-2024", "devoto-2024-linear", "gdumb-500"])
def test_it_runs_on_mnist(name: str, machine: Machine, mnist_folder: Path, tmp_path: Path) -> None:
    experiment = resized(FOLDER / f"{name}.toml", {"per_class": 20})
    where = Machine(machine.device, machine.threads, data_dir=mnist_folder)
    record = run(experiment, store=tmp_path, machine=where)
    assert_whole(record, experiment)
    assert record.config["scenario"]["name"] == "split-mnist"
    assert record.bytes["image"] == 784
    if name == "devoto-2024-linear":
        assert record.parameters == {"classifier": 44_860, "generator": 1_068_820, "total": 1_113_680}
