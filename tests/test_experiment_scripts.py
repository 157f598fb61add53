"""The scripts beside the experiments: what they say of trained runs, and of what they cannot use."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cltk_studies
from cltk.api import Machine, run

FOLDER = Path(__file__).parent.parent / "experiments"

Script = Callable[..., str]
Runs = dict[str, str]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Script:
    """Runs a script as ``python FILE ARGUMENTS`` does; gives what it prints."""
    monkeypatch.syspath_prepend(FOLDER)

    def call(name: str, *arguments: str | Path) -> str:
        monkeypatch.setattr("sys.argv", [name, *map(str, arguments)])
        runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return call


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def runs(store: Path, make_digits: Callable[..., Any]) -> Runs:
    """The ids of a run of each strategy."""
    tiny = {"name": "generative-classifier", "hidden": 8, "training": {"steps": 3}}
    experiments = [make_digits(), make_digits(strategy=tiny, generator=None)]
    records = [run(experiment, seed=0, store=store, machine=Machine("cpu", threads=1)) for experiment in experiments]
    return {record.config["strategy"]["name"]: record.run_id for record in records}


def values(line: str, digits: int) -> list[float]:
    return [float(found) for found in re.findall(rf"\d\.\d{{{digits}}}(?!\d)", line)]


def test_how_often_old_is_called_new(script: Script, runs: Runs, store: Path) -> None:
    (line,) = script("old_called_new", runs["generative-replay"], "--store", store).splitlines()
    assert "(replay: drawn): blur 0.00 " in line
    shares = values(line, 3)
    assert len(shares) == 7
    assert all(0 <= share <= 1 for share in shares)


def test_how_near_training_images_are(script: Script, runs: Runs, store: Path) -> None:
    lines = script("nearest_images", runs["generative-replay"], "--store", store, "--samples", "50").splitlines()
    assert [line.split(", ")[1].split()[:2] for line in lines] == [
        [look, images] for look in ("grey:", "drawn:") for images in ("generated", "test")
    ]
    assert all(values(line, 2) == sorted(values(line, 2)) and len(values(line, 2)) == 4 for line in lines)


def test_mean_and_drawn_images_are_shown(script: Script, runs: Runs, store: Path, tmp_path: Path) -> None:
    script("mean_and_drawn", runs["generative-replay"], "--store", store, "--out", tmp_path / "rows.png")
    assert (tmp_path / "rows.png").stat().st_size > 1000


@pytest.mark.slow
def test_how_many_importance_samples_do(script: Script, runs: Runs, store: Path) -> None:
    (line,) = script("importance_samples", runs["generative-classifier"], "--store", store).splitlines()
    assert [found.split()[0] for found in line.split(": ")[1].split(", ")] == ["1", "10", "50", "10,000"]
    assert all(0 <= accuracy <= 1 for accuracy in values(line, 3))


@pytest.mark.parametrize("name", ["importance_samples", "mean_and_drawn", "nearest_images", "old_called_new"])
def test_a_run_that_is_not_there_is_named(script: Script, runs: Runs, store: Path, name: str) -> None:
    with pytest.raises(SystemExit, match="nosuch"):
        script(name, "nosuch", "--store", store)


@pytest.mark.parametrize(
    ("name", "strategy", "said"),
    [
        ("importance_samples", "generative-replay", "is a run of generative-replay"),
        ("mean_and_drawn", "generative-classifier", "has no generator"),
        ("nearest_images", "generative-classifier", "has no generator"),
    ],
)
def test_a_run_of_another_kind_is_refused(
    script: Script, runs: Runs, store: Path, name: str, strategy: str, said: str
) -> None:
    with pytest.raises(SystemExit, match=said):
        script(name, runs[strategy], "--store", store)


@pytest.mark.parametrize("seeds", [1, 2])
def test_accuracy_is_drawn_against_the_bytes_of_a_study(
    script: Script, tmp_path: Path, machine: Machine, seeds: int
) -> None:
    study = tmp_path / "small.toml"
    study.write_text(
        'name = "small"\nscenario = { name = "split-digits", per_class = 10 }\n'
        '[[ablate.variants]]\nname = "stored"\nstrategy = { name = "experience-replay", buffer = 20 }\n'
        '[[ablate.variants]]\nname = "fitted"\nstrategy = { name = "slda" }\n'
    )
    cltk_studies.ablate(study, seeds=range(seeds), store=tmp_path, machine=machine)
    out = tmp_path / "bytes.png"
    printed = script("accuracy_and_bytes", "--study", "small", "--store", tmp_path, "--out", out)
    cells = {line.split(" | ")[0]: line.split(" | ") for line in printed.splitlines()}
    assert out.stat().st_size > 10_000
    (_, accuracy, finished, kept, without, small) = cells["| stored"]
    assert ("±" in accuracy) == (seeds > 1)
    assert (int(finished), int(without.replace(",", ""))) == (seeds, 20 * (64 + 8))
    assert int(kept.replace(",", "")) > int(without.replace(",", "")) > int(small.rstrip(" |").replace(",", ""))
    assert cells["| fitted"][5] == " |"


def test_a_study_that_is_not_there_is_named(script: Script, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nosuch"):
        script("accuracy_and_bytes", "--study", "nosuch", "--store", tmp_path)
