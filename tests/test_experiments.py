"""Every published experiment is sound, and runs from its file to its record."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cltk.api import Machine, load, run
from cltk.build import prepare
from cltk.config import check
from cltk.experiment import Experiment
from cltk.layers import read_toml
from cltk.record import Record
from cltk.resolve import resolve
from cltk.runs.runner import execute
from cltk_studies.questions.ablation import prepare_study
from cltk_studies.questions.grid import Ablation, experiments_of
from cltk_studies.questions.tuning import Tuning, prepare_search

FOLDER = Path(__file__).parent.parent / "experiments"
ALL = sorted(FOLDER.glob("*.toml"))
STUDIES = [file for file in ALL if "ablate" in tomllib.loads(file.read_text())]
LONG = ("beyond-bytes", "first-command")
"""Studies of many cells, or of cells that say nothing of their budget: they take minutes at any size."""
SEARCHES = [file for file in ALL if "tune" in tomllib.loads(file.read_text())]
FILES = [file for file in ALL if file not in (*STUDIES, *SEARCHES)]

Check = Callable[[Path, dict[str, Any]], Record]


def resized(file: Path, scenario: dict[str, Any]) -> Experiment:
    """The experiment on another scenario, with one epoch or three steps a network, and a hundredth of the replay."""
    layer = tomllib.loads(file.read_text())
    phases = {name: layer["strategy"][name] for name in ("classifier", "generator") if name in layer["strategy"]}
    strategy = {
        name: {"steps": 3} if "steps" in phase else {"epochs": 1, "min_steps": 0} for name, phase in phases.items()
    }
    counts = {name: _hundredth(value) for name, value in layer.get("schedule", {}).items() if name != "name"}
    schedule = {"schedule": counts} if counts else {}
    return load(file, scenario=scenario, strategy=strategy, **schedule)


def _hundredth(value: Any) -> Any:
    return [count // 100 for count in value] if isinstance(value, list) else value // 100


def shrunk(value: Any, name: str = "") -> Any:
    """A study's file with one epoch or three steps a network, and a hundredth of replay and features."""
    if isinstance(value, dict):
        return {key: shrunk(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [shrunk(inner, name) for inner in value]
    if name in ("epochs", "min_steps"):
        return int(name == "epochs")
    if name == "steps":
        return value // 1000 + 1
    if name == "buffer":
        return 10 + value // 100
    return value // 100 if name in ("per_task", "samples", "counts", "features") else value


def assert_whole(record: Record, experiment: Experiment) -> None:
    assert record.status == "finished", record.error
    assert len(record.accuracy) == len(record.classes) + 1
    assert record.metrics
    assert record.config["name"] == experiment.name


def test_there_are_experiments() -> None:
    assert {"genovese-2024", "devoto-2024-linear", "finetune", "joint"} <= {file.stem for file in FILES}
    assert {"schedules", "memory", "generators", "learning-rate", "published-split-mnist"} <= {
        file.stem for file in STUDIES
    }
    assert "counts" in {file.stem for file in SEARCHES}


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.stem)
def test_what_is_replayed_does_not_change_with_defaults(file: Path) -> None:
    """Published recipes replay mean images, which the defaults do not."""
    layer = tomllib.loads(file.read_text())
    strategies = [table.get("strategy", {}) for table in (layer, *layer.get("ablate", {}).get("variants", ()))]
    replaying = [each for each in strategies if isinstance(each, dict) and each.get("name") == "generative-replay"]
    assert [each for each in replaying if "images" not in each.get("replay", {})] == []


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
        prepared = prepare(load(file, scenario=scenario), machine)
        assert prepared.info.tasks == 5
        assert not prepared.notices

    def test_it_runs(self, file: Path, machine: Machine, tmp_path: Path) -> None:
        experiment = resized(file, {"name": "split-digits", "per_class": 20})
        assert_whole(run(experiment, seed=1, store=tmp_path, machine=machine), experiment)


@pytest.mark.parametrize("file", [*STUDIES, *SEARCHES], ids=lambda file: file.stem)
class TestEachOfMany:
    def test_it_is_named_for_its_file_and_says_what_for(self, file: Path) -> None:
        base = read_toml(file)
        assert base["name"] == file.stem
        assert base["description"]
        assert file.read_text().startswith(("# Claim", "# Question"))


@pytest.mark.parametrize(
    "file",
    [pytest.param(file, marks=[pytest.mark.slow] * (file.stem in LONG)) for file in STUDIES],
    ids=lambda file: file.stem,
)
class TestEachStudy:
    def test_every_cell_runs(self, file: Path, machine: Machine, tmp_path: Path) -> None:
        """On the digits, after every setting was found valid at full size."""
        base = read_toml(file)
        held_out = {name: value for name, value in base["scenario"].items() if name == "validation"}
        base |= {"scenario": {"name": "split-digits", "per_class": 20, **held_out}, "seeds": [0]}
        table = check(Ablation, base.pop("ablate"), "[ablate]")
        study, _ = prepare_study(table, base, machine, {})
        assert len(study.cells) >= 2
        table = check(Ablation, shrunk(table.model_dump()), "[ablate]")
        small, benches = prepare_study(table, shrunk(base), machine, {})
        assert [cell.name for cell in small.cells] == [cell.name for cell in study.cells]
        for prepared in benches.values():
            assert_whole(execute(prepared, 0, tmp_path), prepared.experiment)


@pytest.mark.parametrize("file", SEARCHES, ids=lambda file: file.stem)
class TestEachSearch:
    def test_what_it_starts_from_runs(self, file: Path, machine: Machine, tmp_path: Path) -> None:
        """On the digits, after every setting was found valid at full size."""
        base = read_toml(file) | {"scenario": {"name": "split-digits"}}
        tuning = check(Tuning, base.pop("tune"), "[tune]")
        search, _ = prepare_search(tuning, base, machine, {})
        assert search.name == file.stem
        assert not {*search.seeds} & {*search.test_seeds}
        _, prepared = prepare_search(tuning, shrunk(base), machine, {})
        assert_whole(execute(prepared, 0, tmp_path), prepared.experiment)


def test_no_default_that_changed_reaches_an_experiment() -> None:
    """Settings that results were published with are what they were, whatever a component's defaults are by now."""
    published = json.loads((Path(__file__).parent / "data" / "experiment-settings.json").read_text())
    configs = {title: config for file in ALL for title, config in _configs(file)}
    assert configs.keys() == published.keys()
    for title, settings in published.items():
        assert _part(configs[title], settings) == settings, title


def _configs(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The configuration of an experiment, or of each cell of a study."""
    base = read_toml(file)
    base.pop("tune", None)
    if "ablate" not in base:
        yield file.stem, resolve(check(Experiment, base, file.stem)).config
        return
    table = check(Ablation, base.pop("ablate"), "[ablate]")
    for name, (_, resolved) in experiments_of(table, base).items():
        yield f"{file.stem}: {name}", resolved.config


def _part(config: Any, settings: Any) -> Any:
    """What of a configuration the settings speak of."""
    if not isinstance(settings, dict) or not isinstance(config, dict):
        return config
    return {name: _part(config.get(name), value) for name, value in settings.items()}


def test_the_schedules_spend_the_same_on_mnist(machine: Machine, mnist_folder: Path, tmp_path: Path) -> None:
    base = read_toml(FOLDER / "schedules.toml")
    table = check(Ablation, base.pop("ablate"), "[ablate]")
    where = Machine(machine.device, machine.threads, data_dir=mnist_folder)
    _, benches = prepare_study(table, base, where, {})
    for name, prepared in benches.items():
        strategy = prepared.assemble(0).strategy
        total = sum(strategy.replay_count(task, size) for task, size in enumerate(prepared.info.sizes))
        assert abs(total - 47_335) <= 10, name


def test_where_default_budgets_are_not_those_of_the_report_is_said() -> None:
    chosen = resolve(load(FOLDER / "genovese-2024.toml")).components["strategy"]
    said = (chosen.cls.__doc__ or "").partition("Deviations:")[2]
    default = chosen.cls.Config()
    for network in ("classifier", "generator"):
        for field, value in getattr(chosen.config, network):
            assert value == getattr(getattr(default, network), field) or f"``{field}``" in said, (network, field)


@pytest.mark.parametrize("name", ["genovese-2024", "devoto-2024-linear", "gdumb-500"])
def test_it_runs_on_mnist(name: str, machine: Machine, mnist_folder: Path, tmp_path: Path) -> None:
    experiment = resized(FOLDER / f"{name}.toml", {"per_class": 20})
    where = Machine(machine.device, machine.threads, data_dir=mnist_folder)
    record = run(experiment, seed=0, store=tmp_path, machine=where)
    assert_whole(record, experiment)
    assert record.config["scenario"]["name"] == "split-mnist"
    assert record.bytes["image"] == 784
    if name == "devoto-2024-linear":
        assert record.parameters == {"classifier": 44_860, "generator": 1_068_820, "total": 1_113_680}


@pytest.mark.parametrize(("scenario", "name"), [("split-fashion-mnist", "FashionMNIST"), ("split-kmnist", "KMNIST")])
def test_replay_without_stored_images_runs_on_other_images(
    scenario: str, name: str, machine: Machine, tmp_path: Path
) -> None:
    """On files in the format of the real ones."""
    raw = tmp_path / name / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 200), ("t10k", 50)):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(
            _idx(count, 28, 28) + bytes(index % 251 for index in range(count * 784))
        )
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(_idx(count) + bytes(label % 10 for label in range(count)))
    experiment = resized(FOLDER / "beyond-published.toml", {"name": scenario})
    where = Machine(machine.device, machine.threads, data_dir=tmp_path)
    record = run(experiment, seed=0, store=tmp_path, machine=where)
    assert_whole(record, experiment)
    assert record.config["scenario"]["name"] == scenario
    assert record.info is not None
    assert sum(record.info.sizes) == 200


def _idx(*sizes: int) -> bytes:
    return bytes((0, 0, 8, len(sizes))) + b"".join(size.to_bytes(4, "big") for size in sizes)
